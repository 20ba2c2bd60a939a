import type { Daemon } from "../../client/daemon.ts";
import { csvField, doubledQuotes } from "../../protocol/csv.ts";
import type { Job } from "../../protocol/job.ts";
import type { Run } from "../../protocol/run.ts";
import type { LineSink } from "../line-sink.ts";
import { runsOfJob } from "../../client/runs-of-job.ts";

const headings = ["host", "outcome", "exitCode", "signal", "durationMs", "problem", "stdout", "stderr"];

/**
 * Prints one row per host, including those that did not start; fields are quoted as in RFC 4180, and output bytes are
 * not changed.
 */
export async function printCsv(daemon: Daemon, { id, hosts }: Job, stdout: LineSink): Promise<void> {
  const runs = new Map<string, Run>();
  for await (const run of runsOfJob((input) => daemon.ask("listJobRuns", input), id, "created"))
    runs.set(run.host.name, run);
  await stdout.write(`${headings.join(",")}\n`);
  for (const host of hosts) {
    const run = runs.get(host);
    if (run === undefined) await stdout.write(`${csvField(host)},skipped,,,,,,\n`);
    else await printRow(daemon, run, stdout);
  }
  await stdout.end();
}

async function printRow(daemon: Daemon, run: Run, stdout: LineSink): Promise<void> {
  const { host, outcome, state, exitCode, signal, timings, problem } = run;
  const durationMs = timings.totalMs === null ? null : Math.round(timings.totalMs);
  const known = [host.name, outcome ?? state, exitCode, signal, durationMs, problem?.detail];
  await stdout.write(known.map((value) => csvField(String(value ?? ""))).join(","));
  for (const stream of ["stdout", "stderr"] as const) {
    await stdout.write(',"');
    for await (const chunk of await daemon.openOutput(run.id, stream)) {
      // latin1 maps each byte to a character, so that quotes are found without damaging the text.
      await stdout.write(Buffer.from(doubledQuotes(chunk.toString("latin1")), "latin1"));
    }
    await stdout.write('"');
  }
  await stdout.write("\n");
}
