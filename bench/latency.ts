import type { Bed } from "./bed.ts";
import { algorithms, openControlMaster } from "./bed.ts";
import { openBareServer } from "./bare.ts";
import { openHttpRunner } from "./http-run.ts";
import { type Contender, latencyTable, race, samplesOf, timed, warmUp } from "./contender.ts";
import { finished } from "./process.ts";
import type { Samples } from "./samples.ts";
import { openSsh2 } from "./ssh2-client.ts";
import type { SuiteOptions } from "./suite.ts";
import { type Goal, printTable } from "./table.ts";

/** The number of back-to-back runs. */
const burst = 20;
/** Warm runs for each cold one. */
const warmPerRound = 4;
/** The threshold at which delayed acknowledgements show: far above a warm run, and just below the kernel's 40 ms. */
const slowModeMs = 35;
const restMs = 15;

/** Runs of `true`: warm, spaced and back to back, and cold. */
export async function latencySuite(bed: Bed, options: SuiteOptions, signal: AbortSignal): Promise<Goal[]> {
  await using stack = new AsyncDisposableStack();
  const contenders = await openContenders(bed, stack);
  const { hostrun, mux, ssh2, bare, bash, client, cold, coldSame, coldDefault } = contenders;
  const warmContenders = [hostrun, client, bare, ssh2, mux, bash];
  const coldContenders = [cold, coldSame, coldDefault];
  await warmUp(warmContenders, options.short ? 1 : 30, signal);
  await warmUp(coldContenders, options.short ? 0 : 3, signal);

  const rounds = options.rounds ?? 50;
  const spacedContenders = [
    ...warmContenders.flatMap((contender) => Array.from({ length: warmPerRound }, () => contender)),
    ...coldContenders,
  ];
  const { until } = options;
  const share = performance.now() + 0.75 * (until - performance.now());
  const spaced = await race(
    { contenders: spacedContenders, rounds, inARow: 1, restMs, until: share },
    signal,
  );
  const bursts = Math.ceil(rounds / 3);
  const dense = await race(
    { contenders: warmContenders, rounds: bursts, inARow: burst, restMs: 0, until },
    signal,
  );

  const of = (contender: Contender): Samples => samplesOf(spaced, contender);
  const denseOf = (contender: Contender): Samples => samplesOf(dense, contender);
  printTable(...latencyTable("Warm, spaced (ms)", warmContenders, spaced, of(mux).median));
  printTable(...latencyTable("Warm, back to back (ms)", warmContenders, dense, denseOf(mux).median));
  printTable(...latencyTable("Cold: connect, log in, run (ms)", coldContenders, spaced, of(mux).median));
  const ratio = (one: Contender, other: Contender): number => of(one).median / of(other).median;
  return [
    {
      id: "P1",
      meaning: "warm run ÷ ssh ControlMaster, p50",
      bound: "≤",
      limit: 0.35,
      value: ratio(hostrun, mux),
    },
    {
      id: "P1",
      meaning: "warm run ÷ raw ssh2 exec, p50",
      bound: "≤",
      limit: 1.15,
      value: ratio(hostrun, ssh2),
    },
    {
      id: "P1",
      meaning: 'warm run ÷ local spawn("bash", ["-c", "true"]), p50',
      bound: "≤",
      limit: 1.1,
      value: ratio(hostrun, bash),
    },
    {
      id: "P2",
      meaning: "back-to-back runs, p99 ÷ p50 of ssh ControlMaster",
      bound: "≤",
      limit: 1,
      value: denseOf(hostrun).quantile(0.99) / denseOf(mux).median,
    },
    {
      id: "P2",
      meaning: `back-to-back runs of ${slowModeMs} ms and more, share (no 40 ms mode)`,
      bound: "≤",
      limit: 0,
      value: denseOf(hostrun).from(slowModeMs) / denseOf(hostrun).count,
    },
    {
      id: "P4",
      meaning: "cold run ÷ cold ssh with the same algorithms, p50",
      bound: "≤",
      limit: 0.28,
      value: ratio(cold, coldSame),
    },
    {
      id: "P4",
      meaning: "cold run ÷ cold ssh as it comes, p50",
      bound: "≤",
      limit: 0.2,
      value: ratio(cold, coldDefault),
    },
    { id: "P4", meaning: "cold run, p99 in ms", bound: "<", limit: 50, value: of(cold).quantile(0.99) },
  ];
}

type Contenders = Readonly<
  Record<
    "hostrun" | "client" | "bare" | "ssh2" | "mux" | "bash" | "cold" | "coldSame" | "coldDefault",
    Contender
  >
>;

async function openContenders(bed: Bed, stack: AsyncDisposableStack): Promise<Contenders> {
  const http = stack.use(openHttpRunner(bed));
  const ssh2 = stack.use(await openSsh2(bed.sshd));
  const bare = stack.use(openHttpRunner(bed, await openBareServer(stack, bed)));
  const shared = await openControlMaster(stack, bed, "mux");
  const ssh = (name: string, args: readonly string[]): Contender => ({
    name,
    measure: () => timed(() => finished("ssh", [...args, "true"])),
  });
  const same = [...(await algorithms(bed)), ...bed.ssh];
  return {
    hostrun: { name: "Hostrun, POST to `complete`", measure: () => http.run(bed.warm, "true") },
    client: { name: "Hostrun, by its own client", measure: () => timed(() => byClient(bed)) },
    bare: { name: "bare HTTP server over ssh2", measure: () => bare.run(bed.warm, "true") },
    ssh2: { name: "ssh2 exec, in process", measure: () => timed(() => ssh2.exec("true")) },
    mux: ssh("ssh over ControlMaster", shared),
    bash: {
      name: 'spawn("bash", ["-c", "true"])',
      measure: () => timed(() => finished("bash", ["-c", "true"])),
    },
    cold: { name: "Hostrun, new connection", measure: () => coldRun(bed, () => http.run(bed.cold, "true")) },
    coldSame: ssh("ssh, same algorithms", same),
    coldDefault: ssh("ssh, as it comes", bed.ssh),
  };
}

async function byClient({ daemon, warm }: Bed): Promise<void> {
  for await (const { event } of daemon.run({ host: warm, command: "true" })) {
    if (event.type === "complete" && event.exitCode !== 0) throw new Error(JSON.stringify(event));
  }
}

/** A run on a host whose connections are closed; closing them is not measured. */
async function coldRun({ daemon, warm, sshd }: Bed, run: () => Promise<number>): Promise<number> {
  const span = await run();
  const { items } = await daemon.call("listConnections");
  for (const { id, host, port } of items) {
    if (host === warm || port !== sshd.port) continue;
    await daemon.call("closeConnection", { params: { connection: id } });
  }
  return span;
}
