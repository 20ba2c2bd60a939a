import { execFileSync } from "node:child_process";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { openBed } from "./bed.ts";
import { bulkSuite } from "./bulk.ts";
import { commandLineSuite } from "./command-line.ts";
import { finished } from "./process.ts";
import { latencySuite } from "./latency.ts";
import { recordSuite } from "./record.ts";
import { workerSuite } from "./worker.ts";

const suites = {
  latency: latencySuite,
  bulk: bulkSuite,
  record: recordSuite,
  cli: commandLineSuite,
  worker: workerSuite,
};
const usage = `Usage: npm run bench [-- [latency|bulk|record|cli|worker] [--rounds N] [--minutes N] [--profile FOLDER]]

  latency         runs of \`true\`, warm and cold (the default)
  bulk            one long output
  record          what recording it costs by itself, in files and in rows
  cli             \`hostrun run\` as a process, beside \`node -e 0\` and \`ssh\`
  worker          runs of \`true\` where the account's start files take 80 ms
  --rounds N      how often everything takes its turn
  --minutes N     begin no round after this time (3)
  --profile DIR   leave a CPU profile of the daemon there
`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      rounds: { type: "string" },
      minutes: { type: "string", default: "3" },
      profile: { type: "string" },
    },
    allowPositionals: true,
  });
  const [name = "latency", ...more] = positionals;
  const suite = Object.entries(suites).find(([known]) => known === name)?.[1];
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  const minutes = Number(values.minutes);
  if (suite === undefined || more.length > 0 || !(minutes > 0) || (rounds !== undefined && !(rounds > 0))) {
    process.stderr.write(usage);
    process.exitCode = 2;
    return;
  }
  const until = performance.now() + minutes * 60_000;
  const interrupt = new AbortController();
  process.once("SIGINT", () => interrupt.abort(new Error("interrupted")));
  console.log(`\n${await describeMachine()}\n`);
  await using stack = new AsyncDisposableStack();
  const bed = await openBed(stack, { profile: values.profile });
  await suite(bed, { rounds, until }, interrupt.signal);
  console.log(
    `  Load average at the end: ${loads()}; above ${cpus().length} is crowded: then only ratios count.\n`,
  );
}

async function describeMachine(): Promise<string> {
  const { stderr } = await finished("ssh", ["-V"]);
  const commit = execFileSync("git", ["describe", "--always", "--dirty"], { cwd: import.meta.dirname });
  const cores = cpus();
  return [
    `  ${cores.length} × ${cores[0]?.model.trim() ?? "unknown processor"}, load average ${loads()}`,
    `  Node ${process.versions.node}, ${stderr.split(",")[0] ?? ""}, Hostrun ${commit.toString().trim()}`,
  ].join("\n");
}

function loads(): string {
  return loadavg()
    .map((load) => load.toFixed(1))
    .join(" ");
}

await main();
