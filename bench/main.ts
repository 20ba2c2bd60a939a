import { execFileSync } from "node:child_process";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { openBed, openDist } from "./bed.ts";
import { bulkSuite } from "./bulk.ts";
import { commandLineSuite } from "./command-line.ts";
import { distanceSuite } from "./distance.ts";
import { fleetSuite } from "./fleet.ts";
import { growthSuite } from "./growth.ts";
import { outcomeOf, readHistory, remember } from "./history.ts";
import { latencySuite } from "./latency.ts";
import { lineSuite } from "./line.ts";
import { memorySuite } from "./memory.ts";
import { finished } from "./process.ts";
import { recordSuite } from "./record.ts";
import { startSuite } from "./start.ts";
import type { Suite } from "./suite.ts";
import { type Goal, print, printGoals } from "./table.ts";
import { workerSuite } from "./worker.ts";

interface Entry {
  readonly goals: readonly string[];
  readonly about: string;
  readonly suite: Suite;
}

const suites: Readonly<Record<string, Entry>> = {
  latency: { goals: ["P1", "P2", "P4"], about: "runs of `true`, warm and cold", suite: latencySuite },
  worker: { goals: ["P3", "P3b", "P3c"], about: "where start files take 80 ms", suite: workerSuite },
  distance: {
    goals: ["P5", "P14"],
    about: "20 and 50 ms away, also a hundred at once",
    suite: distanceSuite,
  },
  bulk: { goals: ["P6", "P6b", "P6c"], about: "one long output", suite: bulkSuite },
  memory: { goals: ["P9"], about: "what connections, readers and queues keep", suite: memorySuite },
  line: { goals: ["P10"], about: "from a line on the host to its reader", suite: lineSuite },
  cli: { goals: ["P12"], about: "`hostrun run` as a process", suite: commandLineSuite },
  start: { goals: ["P13"], about: "the daemon's start with a full store", suite: startSuite },
  fleet: { goals: ["P7", "P8", "P8b"], about: "500 hosts, beside clush and pssh", suite: fleetSuite },
  growth: { goals: [], about: "what each host, run, reader and MiB costs", suite: growthSuite },
  record: { goals: [], about: "what recording costs by itself", suite: recordSuite },
};
const usage = `Usage: npm run bench [-- [SUITE or GOAL...] [OPTION...]]

${Object.entries(suites)
  .map(([name, { goals, about }]) => `  ${name.padEnd(9)} ${goals.join(" ").padEnd(12)} ${about}`)
  .join("\n")}

By default latency; "all" is every one.

  --rounds N      how often everything takes its turn
  --minutes N     begin no round of a suite after this time (3)
  --json          print what the goals came to as JSON; all else goes to standard error
  --short         as small as still shows that a suite works: its figures mean nothing
  --profile DIR   leave a CPU profile of the daemon there
`;

interface Plan {
  readonly suites: readonly Suite[];
  readonly rounds: number | undefined;
  readonly minutes: number;
  readonly json: boolean;
  readonly short: boolean;
  readonly profile: string | undefined;
}

async function main(plan: Plan): Promise<void> {
  const interrupt = new AbortController();
  process.once("SIGINT", () => interrupt.abort(new Error("interrupted")));
  const described = execFileSync("git", ["describe", "--always", "--dirty"], { cwd: import.meta.dirname });
  const commit = described.toString().trim();
  print(`\n${await describeMachine()}, Hostrun ${commit}\n`);
  await using stack = new AsyncDisposableStack();
  const dist = await openDist(stack);
  const goals: Goal[] = [];
  for (const suite of plan.suites) goals.push(...(await measure(suite, { ...plan, dist }, interrupt.signal)));
  if (goals.length > 0) printGoals(goals, await readHistory());
  const crowded = `above ${cpus().length} is crowded: then only ratios count`;
  print(`  Load average at the end: ${loads()}; ${crowded}.\n`);
  const outcome = outcomeOf(commit, goals);
  if (!plan.short && goals.length > 0) await remember(outcome);
  if (plan.json) console.log(JSON.stringify(outcome));
}

/** Each suite has a bed of its own, so that nothing left by one affects the next. */
async function measure(
  suite: Suite,
  { rounds, minutes, short, ...options }: Plan & { readonly dist: string },
  signal: AbortSignal,
): Promise<readonly Goal[]> {
  await using stack = new AsyncDisposableStack();
  const bed = await openBed(stack, options);
  const until = performance.now() + minutes * 60_000;
  return await suite(bed, { rounds: rounds ?? (short ? 1 : undefined), until, short }, signal);
}

/** undefined: the arguments are invalid. */
function parsePlan(args: readonly string[]): Plan | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string" },
      minutes: { type: "string", default: "3" },
      json: { type: "boolean", default: false },
      short: { type: "boolean", default: false },
      profile: { type: "string" },
    },
    allowPositionals: true,
  });
  const chosen = suitesOf(positionals.length === 0 ? ["latency"] : positionals);
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  const minutes = Number(values.minutes);
  const isGood = minutes > 0 && (rounds === undefined || rounds > 0);
  if (chosen === undefined || !isGood) return undefined;
  const { json, short, profile } = values;
  return { suites: chosen, rounds, minutes, json, short, profile };
}

/** undefined: a name is unknown. */
function suitesOf(names: readonly string[]): Suite[] | undefined {
  if (names.some((name) => name !== "all" && !entriesOf(name).length)) return undefined;
  const chosen = names.includes("all") ? Object.values(suites) : names.flatMap(entriesOf);
  return [...new Set(chosen)].map(({ suite }) => suite);
}

function entriesOf(name: string): Entry[] {
  return Object.entries(suites).flatMap(([known, entry]) =>
    known === name || entry.goals.includes(name) ? [entry] : [],
  );
}

async function describeMachine(): Promise<string> {
  const { stderr } = await finished("ssh", ["-V"]);
  const cores = cpus();
  return [
    `  ${cores.length} × ${cores[0]?.model.trim() ?? "unknown processor"}, load average ${loads()}`,
    `  Node ${process.versions.node}, ${stderr.split(",")[0] ?? ""}`,
  ].join("\n");
}

function loads(): string {
  return loadavg()
    .map((load) => load.toFixed(1))
    .join(" ");
}

const plan = parsePlan(process.argv.slice(2));
if (plan === undefined) {
  process.stderr.write(usage);
  process.exitCode = 2;
} else await main(plan);
