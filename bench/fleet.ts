import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { openSshd, type Sshd } from "../test/support/sshd.ts";
import { algorithms, type Bed, serverOptions } from "./bed.ts";
import { type Contender, race, samplesOf, timed } from "./contender.ts";
import { childTicks, processTicks, tickMs } from "./cpu-time.ts";
import { memory, settled } from "./memory.ts";
import { finished } from "./process.ts";
import { Samples } from "./samples.ts";
import type { SuiteOptions } from "./suite.ts";
import { type Goal, print, printTable } from "./table.ts";

const execute = promisify(execFile);

/** The number of hosts that each client runs on concurrently. */
const fanOut = 64;
/** Its output is the same on each host, so that all fold into one group. */
const command = "echo up; uname";
/** Addresses per /24 block of loopback, which has room for 250. */
const perBlock = 250;

interface Fleet {
  readonly bed: Bed;
  readonly sshd: Sshd;
  readonly addresses: readonly string[];
  /** The same in clush's notation. */
  readonly nodes: string;
  /** A file that lists them, for parallel-ssh. */
  readonly file: string;
  /** The lines of the configuration of `ssh`, and the file that contains them. */
  readonly lines: readonly string[];
  readonly config: string;
}

interface Measured extends Contender {
  /** The CPU time of the clients and the daemon, in milliseconds. */
  readonly cpu: Samples;
}

/** One command on many hosts as a job with folded results, warm and cold, compared with Debian's tools for that. */
export async function fleetSuite(bed: Bed, options: SuiteOptions, signal: AbortSignal): Promise<Goal[]> {
  await using stack = new AsyncDisposableStack();
  await install({ clush: "clustershell", "parallel-ssh": "pssh" });
  const before = await settled(bed.daemon.discovery);
  const fleet = await openFleet(stack, bed, options.short ? 5 : 500);
  const count = fleet.addresses.length;
  const mux = ["ControlMaster auto", `ControlPath ${bed.directory.join("m-%C")}`, "ControlPersist 600"];
  const warmSsh = await configured(fleet, "mux", mux);
  const same = await configured(fleet, "same", asLines(await algorithms(bed)));
  const rounds = options.rounds ?? 3;
  // Each gets half of the time, and at least one round.
  const { until } = options;
  const untilWarm = performance.now() + (until - performance.now()) / 2;

  const cold = {
    job: measured(
      bed,
      "Hostrun, a job and its groups",
      () => runJob(fleet),
      () => closeAll(fleet),
    ),
    clush: measured(bed, "clush -b, as it comes", () => runClush(fleet)),
    clushSame: measured(bed, "clush -b, same algorithms", () => runClush(same)),
    pssh: measured(bed, "parallel-ssh, as it comes", () => runPssh(fleet)),
  };
  const colds = Object.values(cold);
  const coldTimes = await race(
    { contenders: colds, rounds, inARow: 1, restMs: 100, until: untilWarm },
    signal,
  );
  await runJob(fleet);
  const connected = (await settled(bed.daemon.discovery)) - before;
  await runClush(warmSsh);
  // The masters are no children of this process, and exit with their connections.
  stack.defer(() => fleet.sshd.dropConnections());
  const warm = {
    job: measured(bed, "Hostrun, a job and its groups", () => runJob(fleet)),
    clush: measured(bed, "clush -b over ControlMaster", () => runClush(warmSsh)),
    pssh: measured(bed, "parallel-ssh over ControlMaster", () => runPssh(warmSsh)),
  };
  const warms = Object.values(warm);
  const warmTimes = await race({ contenders: warms, rounds, inARow: 1, restMs: 100, until }, signal);
  printTable(...fleetTable(`Warm, ${count} hosts (ms)`, warms, warmTimes));
  printTable(...fleetTable(`Cold, ${count} hosts (ms)`, colds, coldTimes));
  const most = await memory(bed.daemon.discovery, "VmHWM");
  const each = (connected / count / 1024).toFixed(0);
  const mebibytes = [before, before + connected, most].map((bytes) => (bytes / 1024 ** 2).toFixed(0));
  print(
    `  The daemon's memory: ${mebibytes[0]} MiB at first, ${mebibytes[1]} with ${count} connections, ${mebibytes[2]} at most;`,
  );
  print(`  ${each} KiB a host that stays.\n`);
  const median = (times: ReadonlyMap<Contender, Samples>, one: Contender): number =>
    samplesOf(times, one).median;
  const goal = (id: string, meaning: string, limit: number, value: number): Goal => ({
    id,
    meaning,
    bound: "≤",
    limit,
    value,
  });
  const ofWarm = (other: Contender): number => median(warmTimes, warm.job) / median(warmTimes, other);
  const ofCold = (other: Contender): number => median(coldTimes, cold.job) / median(coldTimes, other);
  const ofFastest = Math.max(ofCold(cold.clush), ofCold(cold.pssh));
  return [
    goal("P7", `${count} warm hosts ÷ clush over ControlMaster`, 0.2, ofWarm(warm.clush)),
    goal("P7", `${count} warm hosts ÷ parallel-ssh over ControlMaster`, 0.3, ofWarm(warm.pssh)),
    goal("P8", `${count} cold hosts ÷ clush as it comes`, 0.3, ofCold(cold.clush)),
    goal("P8", `${count} cold hosts ÷ clush, same algorithms`, 0.8, ofCold(cold.clushSame)),
    goal("P8b", `${count} cold hosts ÷ the faster of clush and parallel-ssh`, 0.8, ofFastest),
    goal(
      "P8",
      "CPU of the client ÷ clush as it comes, cold",
      0.25,
      cold.job.cpu.median / cold.clush.cpu.median,
    ),
  ];
}

/** One server with many addresses. */
async function openFleet(stack: AsyncDisposableStack, bed: Bed, count: number): Promise<Fleet> {
  const { daemon, directory } = bed;
  const home = directory.join("fleet-home");
  await mkdir(home);
  const sshd = stack.use(await openSshd({ address: "0.0.0.0", options: await serverOptions(home) }));
  const addresses = Array.from({ length: count }, (_, index) => {
    return `127.1.${Math.floor(index / perBlock) + 1}.${(index % perBlock) + 1}`;
  });
  await daemon.call("updateSettings", { body: { poolMaxConnections: 2 * count + 20, poolIdleMs: 600_000 } });
  const [, key = ""] = sshd.hostKeys[0]?.publicKey.split(" ") ?? [];
  const { port, user, clientKey } = sshd;
  const save = async (address: string): Promise<void> => {
    const host = { name: `f-${address}`, address, port, user, identityFile: clientKey.path, tags: ["fleet"] };
    await daemon.call("createHost", { body: host });
    await daemon.call("addKnownHost", { body: { address, port, key } });
  };
  for (let at = 0; at < count; at += 10) await Promise.all(addresses.slice(at, at + 10).map(save));
  const [file, knownHosts] = [directory.join("fleet"), directory.join("fleet-known")];
  await writeFile(file, addresses.map((address) => `${user}@${address}:${port}\n`).join(""));
  await writeFile(knownHosts, `[127.1.*]:${port} ${sshd.hostKeys[0]?.publicKey ?? ""}\n`);
  const lines = [
    `Port ${port}`,
    `IdentityFile ${clientKey.path}`,
    `UserKnownHostsFile ${knownHosts}`,
    "GlobalKnownHostsFile /dev/null",
    "IdentitiesOnly yes",
    "IdentityAgent none",
    "BatchMode yes",
    "LogLevel ERROR",
  ];
  return configured(
    { bed, sshd, addresses, nodes: nodesOf(addresses), file, lines, config: "" },
    "plain",
    [],
  );
}

/** With additional lines in the configuration. */
async function configured(fleet: Fleet, name: string, more: readonly string[]): Promise<Fleet> {
  const config = fleet.bed.directory.join(`fleet-${name}`);
  const lines = [...fleet.lines, ...more];
  await writeFile(config, `${lines.join("\n")}\n`);
  return { ...fleet, lines, config };
}

/** In clush's notation: 127.1.1.[1-250],127.1.2.[1-250]. */
function nodesOf(addresses: readonly string[]): string {
  const blocks = Map.groupBy(addresses, (address) => address.slice(0, address.lastIndexOf(".")));
  return [...blocks].map(([block, { length }]) => `${block}.[1-${length}]`).join(",");
}

async function runJob({ bed: { daemon }, addresses }: Fleet): Promise<void> {
  const body = { targets: ["tag:fleet"], command, concurrency: fanOut };
  const { id } = await daemon.call("createJob", { body });
  for await (const { event } of daemon.jobEvents(id, { output: false }))
    if (event.type === "jobComplete") break;
  const { items } = await daemon.call("jobGroups", { params: { job: id } });
  const [group] = items;
  if (items.length === 1 && group?.count === addresses.length && group.exitCode === 0) return;
  const failed = await daemon.call("listJobRuns", { params: { job: id }, query: { outcome: "failed" } });
  throw new Error(`the job came to ${JSON.stringify([items, failed.items[0]?.problem])}`);
}

async function closeAll({ bed: { daemon } }: Fleet): Promise<void> {
  const { items } = await daemon.call("listConnections");
  for (const { id, host } of items) {
    if (host.startsWith("f-")) await daemon.call("closeConnection", { params: { connection: id } });
  }
}

async function runClush({ nodes, addresses, config }: Fleet): Promise<void> {
  const args = ["-S", "-b", "-f", String(fanOut), "-w", nodes, "-o", `-F ${config}`, command];
  const { stdout } = await execute("clush", args);
  const [, heading = "", ...output] = stdout.trimEnd().split("\n");
  const folded = heading.includes(`(${addresses.length})`);
  if (folded && output.join("\n") === `${"-".repeat(15)}\nup\nLinux`) return;
  throw new Error(`clush printed ${stdout.slice(0, 1000)}`);
}

async function runPssh({ file, addresses, config }: Fleet): Promise<void> {
  const args = ["-i", "-p", String(fanOut), "-t", "0", "-h", file, "-x", `-F ${config}`, command];
  const { stdout } = await execute("parallel-ssh", args, { maxBuffer: 64 * 1024 * 1024 });
  const good = stdout.match(/\[SUCCESS\].*\nup\nLinux\n/g)?.length ?? 0;
  if (good !== addresses.length) throw new Error(`parallel-ssh printed ${stdout.slice(0, 1000)}`);
}

/** `before` is run first and not measured. */
function measured(
  { daemon }: Bed,
  name: string,
  run: () => Promise<void>,
  before = async (): Promise<void> => undefined,
): Measured {
  const cpu = new Samples();
  const ticks = (): number => childTicks() + processTicks(daemon.discovery.pid);
  return {
    name,
    cpu,
    measure: async () => {
      await before();
      const begun = ticks();
      const span = await timed(run);
      cpu.add((ticks() - begun) * tickMs);
      return span;
    },
  };
}

function fleetTable(
  title: string,
  contenders: readonly Measured[],
  times: ReadonlyMap<Contender, Samples>,
): [heading: string[], rows: string[][]] {
  const first = contenders[0];
  const unit = first === undefined ? Number.NaN : samplesOf(times, first).median;
  const rows = contenders.map((contender) => {
    const of = samplesOf(times, contender);
    const cells = [of.median, of.quantile(1), contender.cpu.median].map((value) => value.toFixed(0));
    const spread = `${Math.round(of.spread * 100)} %`;
    return [contender.name, String(of.count), ...cells, spread, (of.median / unit).toFixed(2)];
  });
  return [[title, "n", "p50", "longest", "CPU", "spread", "÷ Hostrun"], rows];
}

/** Converts `-o KEY=VALUE` and `-c CIPHER` into lines of a configuration. */
function asLines(args: readonly string[]): string[] {
  return args.flatMap((argument, index) => {
    if (argument.startsWith("-")) return [];
    return [args[index - 1] === "-c" ? `Ciphers ${argument}` : argument.replace("=", " ")];
  });
}

/** Installs Debian packages whose program is missing. */
async function install(packages: Readonly<Record<string, string>>): Promise<void> {
  const folders = (process.env["PATH"] ?? "").split(":");
  const missing = Object.entries(packages).filter(
    ([program]) => !folders.some((folder) => existsSync(`${folder}/${program}`)),
  );
  if (missing.length === 0) return;
  const root = process.getuid?.() === 0 ? [] : ["sudo"];
  const names = missing.map(([, name]) => name);
  const [first = "", ...args] = [
    ...root,
    "apt-get",
    "-qq",
    "install",
    "--yes",
    "--no-install-recommends",
    ...names,
  ];
  await finished(first, args, { ...process.env, DEBIAN_FRONTEND: "noninteractive" });
}
