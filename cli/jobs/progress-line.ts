import { formatCount } from "../../protocol/count.ts";
import type { Job } from "../../protocol/job.ts";
import type { JobEvent } from "../../protocol/job-event.ts";
import { HostProgress } from "./host-progress.ts";
import { JobPace } from "./job-pace.ts";

const redrawMs = 100;
/** For a terminal that does not report its width. */
const defaultColumns = 80;
const eraseLine = "\r\u001b[K";

/** The progress of a job, on the last line of the terminal of standard error. */
export class ProgressLine implements Disposable {
  readonly #hosts: number;
  readonly #pace: JobPace;
  readonly #progress = new HostProgress();
  readonly #stream: NodeJS.WriteStream;
  #begun = 0;
  #ended = 0;
  #failed = 0;
  #questions = 0;
  #isDrawn = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(job: Pick<Job, "hosts" | "options">, stream: NodeJS.WriteStream) {
    this.#hosts = job.hosts.length;
    this.#pace = new JobPace(job);
    this.#stream = stream;
  }

  take(event: JobEvent): void {
    this.#pace.take(event, performance.now());
    this.#progress.take(event);
    if (event.type === "init") this.#begun += 1;
    else if (event.type === "complete") {
      this.#ended += 1;
      if (event.outcome !== "exited" || event.exitCode !== 0) this.#failed += 1;
    } else if (event.type === "prompt") this.#questions += 1;
    else if (event.type === "promptClosed") this.#questions -= 1;
    this.#timer ??= setTimeout(() => this.#draw(), redrawMs);
  }

  /** Makes room for other output on the terminal; the line is redrawn afterwards. */
  erase(): void {
    if (!this.#isDrawn) return;
    this.#stream.write(eraseLine);
    this.#isDrawn = false;
    this.#timer ??= setTimeout(() => this.#draw(), redrawMs);
  }

  [Symbol.dispose](): void {
    this.erase();
    clearTimeout(this.#timer);
  }

  #draw(): void {
    this.#timer = undefined;
    // Must not overwrite a question to the user.
    if (this.#questions > 0) return;
    const failed = this.#failed === 0 ? "" : `, ${this.#failed} failed`;
    const running = this.#begun - this.#ended;
    const left = this.#pace.toGo(performance.now());
    const toGo = left === undefined ? "" : `, ${left}`;
    const text = `${this.#ended} of ${formatCount(this.#hosts, "host")} ended${failed}, ${running} under way${this.#progress.text()}${toGo}`;
    this.#stream.write(eraseLine + text.slice(0, (this.#stream.columns || defaultColumns) - 1));
    this.#isDrawn = true;
  }
}
