import { lastLineBytes, lastLineOf } from "../../client/last-line.ts";
import type { JobEvent } from "../../protocol/job-event.ts";
import { shownPercentage } from "../../protocol/shown-percentage.ts";

/** The progress that a job's programs report, from the last line of each that is running. */
export class HostProgress {
  /** By the run's id. */
  readonly #ends = new Map<string, string>();

  take(event: JobEvent): void {
    if (event.type === "complete") this.#ends.delete(event.runId);
    else if (event.type === "output" && event.encoding === undefined) {
      const text = event.data.slice(-lastLineBytes);
      this.#ends.set(event.runId, ((this.#ends.get(event.runId) ?? "") + text).slice(-lastLineBytes));
    }
  }

  /** ` at 45%`, ` at 12% to 80%`; "" if no program reports its progress. */
  text(): string {
    const shown = [...this.#ends.values()].flatMap((end) => shownPercentage(lastLineOf(end)) ?? []);
    if (shown.length === 0) return "";
    const [least, most] = [Math.min(...shown), Math.max(...shown)];
    return least === most ? ` at ${least}%` : ` at ${least}% to ${most}%`;
  }
}
