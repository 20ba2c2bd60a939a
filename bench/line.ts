import { spawn } from "node:child_process";
import { Agent, request } from "node:http";
import { type Bed, openControlMaster } from "./bed.ts";
import { Samples } from "./samples.ts";
import type { SuiteOptions } from "./suite.ts";
import { type Goal, printTable } from "./table.ts";

const perRound = 20;
/** Prints the time, and sleeps. The server is this machine, so both use the same clock. */
const command = (lines: number): string =>
  `perl -MTime::HiRes=time,sleep -e '$| = 1; for (1..${lines}) { printf "at %.6f\\n", time; sleep 0.02 }'`;

/** Milliseconds from a command's printing a line to its arrival at a reader. */
export async function lineSuite(bed: Bed, options: SuiteOptions, signal: AbortSignal): Promise<Goal[]> {
  await using stack = new AsyncDisposableStack();
  const shared = await openControlMaster(stack, bed, "mux");
  const hostrun = new Samples();
  const ssh = new Samples();
  const rounds = options.rounds ?? 20;
  for (let round = 0; round < rounds && performance.now() < options.until; round += 1) {
    signal.throwIfAborted();
    await readLines(await openStream(bed), hostrun);
    const child = spawn("ssh", [...shared, command(perRound)], { stdio: ["ignore", "pipe", "inherit"] });
    await readLines(child.stdout, ssh);
  }
  const row = (name: string, of: Samples): string[] => [
    name,
    String(of.count),
    ...[0.5, 0.9, 0.99].map((q) => of.quantile(q).toFixed(2)),
    (of.median / ssh.median).toFixed(2),
  ];
  printTable(
    ["A line, from the host to its reader (ms)", "n", "p50", "p90", "p99", "÷ ControlMaster"],
    [row("Hostrun, events", hostrun), row("ssh over ControlMaster", ssh)],
  );
  return [
    {
      id: "P10",
      meaning: "a line's way ÷ ssh ControlMaster, p50",
      bound: "≤",
      limit: 1.3,
      value: hostrun.median / ssh.median,
    },
  ];
}

async function openStream({ daemon, warm }: Bed): Promise<AsyncIterable<unknown>> {
  const body = JSON.stringify({ host: warm, command: command(perRound) });
  const outgoing = request({
    socketPath: daemon.discovery.socket,
    agent: new Agent(),
    method: "POST",
    path: "/api/ssh/stream",
    headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
  });
  outgoing.end(body);
  return new Promise((resolve) => outgoing.once("response", resolve));
}

async function readLines(stream: AsyncIterable<unknown>, samples: Samples): Promise<void> {
  let count = 0;
  for await (const chunk of stream) {
    const now = performance.timeOrigin + performance.now();
    for (const [, seconds] of String(chunk).matchAll(/at (\d+\.\d{6})(?:\\n|\n)/g)) {
      samples.add(now - Number(seconds) * 1000);
      count += 1;
    }
  }
  if (count !== perRound) throw new Error(`${count} of ${perRound} lines came`);
}
