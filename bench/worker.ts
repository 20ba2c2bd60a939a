import { mkdir, writeFile } from "node:fs/promises";
import { openSshd } from "../test/support/sshd.ts";
import { type Bed, openControlMaster, wayTo } from "./bed.ts";
import { openDelay } from "./delayed.ts";
import { openHttpRunner } from "./http-run.ts";
import { type Contender, latencyTable, race, samplesOf, timed, warmUp } from "./contender.ts";
import { finished } from "./process.ts";
import type { SuiteOptions } from "./suite.ts";
import { type Goal, printTable } from "./table.ts";

/** Roughly what pyenv and nvm take. */
const startFiles = "sleep 0.08\nexport EDITOR=vi\nalias ll='ls -l'\ngreet() { echo hello; }\n";
const warmUps = 20;

/** Runs of `true` on an account whose start files take 80 ms, nearby and at a distance. */
export async function workerSuite(bed: Bed, options: SuiteOptions, signal: AbortSignal): Promise<Goal[]> {
  await using stack = new AsyncDisposableStack();
  await writeFile(bed.directory.join("home", ".bashrc"), startFiles);
  const http = stack.use(openHttpRunner(bed));
  const shared = await openControlMaster(stack, bed, "mux");
  const bare = await openBare(stack, bed);
  const worker: Contender = { name: "Hostrun, by a worker", measure: () => http.run(bed.warm, "true") };
  const session: Contender = {
    name: 'Hostrun, "worker": "off"',
    measure: () => http.run(bed.warm, "true", { worker: "off" }),
  };
  const plain: Contender = { name: "Hostrun, no start files", measure: () => http.run(bare.warm, "true") };
  const mux: Contender = {
    name: "ssh over ControlMaster",
    measure: () => timed(() => finished("ssh", [...shared, "true"])),
  };
  const bash: Contender = {
    name: 'spawn("bash", ["-c", "true"])',
    measure: () => timed(() => finished("bash", ["-c", "true"])),
  };
  const contenders = [worker, session, plain, mux, bash];
  await warmUp(contenders, options.short ? 3 : warmUps, signal);
  const { rounds = 100, until } = options;
  const share = performance.now() + 0.6 * (until - performance.now());
  const spaced = await race({ contenders, rounds, inARow: 1, restMs: 15, until: share }, signal);
  const p50 = (contender: Contender): number => samplesOf(spaced, contender).median;
  printTable(...latencyTable("Start files of 80 ms (ms)", contenders, spaced, p50(mux)));
  const near: Goal[] = [
    {
      id: "P3",
      meaning: "by a worker ÷ plain exec on an account without start files, p50",
      bound: "≤",
      limit: 1,
      value: p50(worker) / p50(plain),
    },
    {
      id: "P3",
      meaning: 'by a worker ÷ local spawn("bash", ["-c", "true"]), p50',
      bound: "≤",
      limit: 0.75,
      value: p50(worker) / p50(bash),
    },
    { id: "P3c", meaning: "by a worker, p50 in ms", bound: "≤", limit: 5, value: p50(worker) },
    {
      id: "P3c",
      meaning: "by a worker ÷ ssh ControlMaster, p50",
      bound: "≤",
      limit: 0.05,
      value: p50(worker) / p50(mux),
    },
  ];
  const far: Goal[] = [];
  for (const rttMs of options.short ? [20] : [20, 50])
    far.push(await atDistance(bed, rttMs, options, signal));
  return [...near, ...far];
}

async function atDistance(
  bed: Bed,
  rttMs: number,
  options: SuiteOptions,
  signal: AbortSignal,
): Promise<Goal> {
  await using stack = new AsyncDisposableStack();
  const far = await wayTo(bed, { ...bed.sshd, port: await openDelay(stack, bed, rttMs) }, `far-${rttMs}`);
  const http = stack.use(openHttpRunner(bed));
  const contender: Contender = {
    name: `by a worker, ${rttMs} ms away`,
    measure: () => http.run(far.warm, "true"),
  };
  await warmUp([contender], options.short ? 3 : warmUps, signal);
  const { rounds = 30, until } = options;
  const samples = samplesOf(
    await race({ contenders: [contender], rounds, inARow: 1, restMs: 15, until }, signal),
    contender,
  );
  return {
    id: "P3b",
    meaning: `by a worker − one round trip of ${rttMs} ms, p50 in ms`,
    bound: "≤",
    limit: 5,
    value: samples.median - rttMs,
  };
}

/** The same account without start files, by another server that sets another home directory. */
async function openBare(stack: AsyncDisposableStack, bed: Bed): Promise<Bed> {
  const home = bed.directory.join("bare");
  await mkdir(home);
  const sshd = stack.use(await openSshd({ options: { SetEnv: `HOME=${home}` } }));
  return wayTo(bed, sshd, "bare");
}
