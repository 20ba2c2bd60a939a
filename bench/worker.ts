import { writeFile } from "node:fs/promises";
import { type Bed, openControlMaster } from "./bed.ts";
import { openHttpRunner } from "./http-run.ts";
import { type Lane, race, timed, warmUp } from "./lane.ts";
import { finished } from "./process.ts";
import type { SuiteOptions } from "./latency.ts";
import { Samples } from "./samples.ts";
import { printGoals, printTable } from "./table.ts";

/** As pyenv and nvm take it. */
const startFiles = "sleep 0.08\nexport EDITOR=vi\nalias ll='ls -l'\ngreet() { echo hello; }\n";

/** Runs of `true` on an account whose start files take 80 ms, spaced and back to back. */
export async function workerSuite(bed: Bed, options: SuiteOptions, signal: AbortSignal): Promise<void> {
  await using stack = new AsyncDisposableStack();
  await writeFile(bed.directory.join("home", ".bashrc"), startFiles);
  const http = stack.use(openHttpRunner(bed));
  const shared = await openControlMaster(stack, bed, "mux");
  const worker: Lane = { name: "Hostrun, by a worker", measure: () => http.run(bed.warm, "true") };
  const session: Lane = {
    name: 'Hostrun, "worker": "off"',
    measure: () => http.run(bed.warm, "true", { worker: "off" }),
  };
  const mux: Lane = {
    name: "ssh over ControlMaster",
    measure: () => timed(() => finished("ssh", [...shared, "true"])),
  };
  const bash: Lane = {
    name: "local bash -c true",
    measure: () => timed(() => finished("bash", ["-c", "true"])),
  };
  const lanes = [worker, session, mux, bash];
  await warmUp(lanes, 10, signal);
  const rounds = options.rounds ?? 100;
  const spaced = await race({ lanes, rounds, inARow: 1, restMs: 15, until: options.until }, signal);
  const samplesOf = (lane: Lane): Samples => spaced.get(lane) ?? new Samples();
  printTable(
    ["Start files of 80 ms (ms)", "n", "p50", "p90", "p99", "spread", "÷ ControlMaster"],
    lanes.map((lane) => {
      const of = samplesOf(lane);
      return [
        lane.name,
        String(of.count),
        ...[0.5, 0.9, 0.99].map((q) => of.quantile(q).toFixed(1)),
        `${Math.round(of.spread * 100)} %`,
        (of.median / samplesOf(mux).median).toFixed(2),
      ];
    }),
  );
  printGoals([
    { id: "P3c", meaning: "by a worker, p50 in ms", bound: "≤", limit: 5, value: samplesOf(worker).median },
    {
      id: "P3c",
      meaning: "by a worker ÷ ssh ControlMaster, p50",
      bound: "≤",
      limit: 0.05,
      value: samplesOf(worker).median / samplesOf(mux).median,
    },
  ]);
}
