import type { TestStep, TestStepName } from "../../protocol/test-step.ts";
import { visible } from "../../protocol/visible.ts";
import { paint, type Style } from "../colour.ts";
import { formatSpan } from "../../protocol/span.ts";

const labels: Readonly<Record<TestStepName, string>> = {
  configure: "Configuration",
  resolve: "Name resolution",
  connect: "Connection",
  hostKey: "Host key",
  authentication: "Authentication",
  exec: "Command",
};
const labelWidth = Math.max(...Object.values(labels).map(({ length }) => length));

const signs: Readonly<Record<TestStep["state"], readonly [sign: string, style?: Style]>> = {
  running: [" "],
  done: ["✓", "green"],
  reused: ["✓", "green"],
  failed: ["✗", "red"],
  skipped: ["–", "yellow"],
};

/** The steps of a test as lines; each is returned once, when it has ended. */
export class StepLines {
  readonly #taken = new Set<string>();

  /** The lines of those that have ended since the last call. */
  take(steps: readonly TestStep[]): string {
    const lines: string[] = [];
    for (const step of steps) {
      const key = `${step.host} ${step.hop} ${step.name}`;
      if (step.state === "running" || this.#taken.has(key)) continue;
      this.#taken.add(key);
      lines.push(stepLine(step));
    }
    return lines.join("");
  }
}

/** "✓ Host key         root@10.0.0.5:22  12.0 ms" */
function stepLine({ name, host, hop, state, durationMs, note }: TestStep): string {
  const [sign, style] = signs[state];
  const where = hop.includes(`@${host}:`) ? hop : `${host} (${hop})`;
  const said = [formatSpan(durationMs), note ?? ""].filter((text) => text !== "").join("  ");
  return `${paint(sign, style, process.stdout)} ${labels[name].padEnd(labelWidth)}  ${visible(where)}  ${visible(said)}\n`;
}
