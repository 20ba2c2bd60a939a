import type { Daemon } from "../../client/daemon.ts";
import { Problem } from "../../protocol/problem.ts";
import type { Run } from "../../protocol/run.ts";
import { visibleLine } from "../../protocol/visible.ts";
import { paint, type Style } from "../colour.ts";
import { print } from "../console.ts";
import { terminalLines } from "../terminal-lines.ts";

/** The previous run of the same command on the same host. Rejects with `run_unknown` if there is none. */
export async function previousRun(daemon: Daemon, { id, host }: Run): Promise<Run> {
  const { items } = await daemon.call("listRuns", { query: { previousOf: id, limit: "1" } });
  const [previous] = items;
  if (previous !== undefined) return previous;
  const name = visibleLine(host.name);
  throw new Problem(
    "run_unknown",
    `This command has not run on ${name} before. Name the run to compare it with.`,
  );
}

export interface Compared {
  readonly run: Run;
  readonly other: Run;
  readonly stream: "both" | "stdout" | "stderr";
}

/** Prints how the newer run's output differs from the older one's; returns whether it does. */
export async function printDiff(daemon: Daemon, { run, other, stream }: Compared): Promise<boolean> {
  const [older, newer] = run.id < other.id ? [run, other] : [other, run];
  const query = { with: newer.id, stream };
  const patch = await daemon.call("runDiff", { params: { run: older.id }, query });
  print(process.stdout.isTTY ? painted(terminalLines(Buffer.from(patch)).toString()) : patch);
  return patch !== "";
}

function painted(patch: string): string {
  return patch
    .split("\n")
    .map((line) => paint(line, styleOf(line), process.stdout))
    .join("\n");
}

function styleOf(line: string): Style | undefined {
  if (line.startsWith("+++") || line.startsWith("---")) return "bold";
  if (line.startsWith("@@")) return "dim";
  if (line.startsWith("+")) return "green";
  return line.startsWith("-") ? "red" : undefined;
}
