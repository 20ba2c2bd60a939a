// `npm run guards [-- [--shard 2/8] [part of a guard's name]]`: disables each guard of test/faults/guards/ in turn, in
// copies of the checkout, and shows that its test fails. A test that still passes guards nothing. `--of-commit` takes the
// few that a hash of the commit selects, for `npm test`.
import { execFileSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { main, root } from "./bootstrap.mjs";
import { openGuardCopy } from "./guard-copy.mjs";

/** As many test files at once as vitest runs if they start servers. */
const workers = 2;
/** The number of guards with a unit test, and of others. */
const ofCommit = { unit: 10, other: 2 };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { shard: { type: "string" }, "of-commit": { type: "boolean", default: false } },
});
const interrupted = new AbortController();
let interruptedBy = 0;
for (const [signal, number] of Object.entries({ SIGHUP: 1, SIGINT: 2, SIGTERM: 15 })) {
  process.once(signal, () => {
    interruptedBy = number;
    interrupted.abort();
  });
}
await main(async () => {
  const guards = chosen(await readGuards());
  const files = inOrder(Map.groupBy(guards, ({ test }) => test));
  const failed = [];
  let done = 0;
  const report = ({ guard }, seconds, finding) => {
    done += 1;
    if (finding !== undefined) failed.push(`${guard}: ${finding}`);
    const count = `[${String(done).padStart(String(guards.length).length)}/${guards.length}]`;
    const verdict = finding === undefined ? "ok    " : "FAILED";
    const told = finding === undefined ? guard : `${guard}: ${finding}`;
    console.log(`${count} ${verdict} ${`${seconds.toFixed(0)} s`.padStart(5)}  ${told}`);
  };
  const worker = async () => {
    const copy = await openGuardCopy(interrupted.signal);
    try {
      for (let file = files.shift(); file !== undefined; file = files.shift()) {
        await copy.tryFile(file, report);
      }
    } finally {
      await copy.remove();
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: Math.min(workers, files.length) }, worker));
  if (interrupted.signal.aborted) throw new Error(`Interrupted after ${done} of ${guards.length} guards`);
  const broken = ends.find(({ status }) => status === "rejected");
  if (broken !== undefined) throw broken.reason;
  if (failed.length > 0) console.log(`\nFAILED:\n${failed.map((line) => `  ${line}\n`).join("")}`);
  console.log(`${guards.length - failed.length} of ${guards.length} guards have a test that needs them`);
  if (failed.length > 0) process.exitCode = 1;
});
if (interruptedBy > 0) process.exitCode = 128 + interruptedBy;

async function readGuards() {
  const lists = join(root, "test/faults/guards");
  const all = [];
  for (const name of (await readdir(lists)).toSorted()) {
    all.push(...JSON.parse(await readFile(join(lists, name), "utf8")));
  }
  return all;
}

/** The guards selected on the command line. */
function chosen(all) {
  const wanted = positionals.join(" ");
  let guards = all.filter(({ guard }) => guard.includes(wanted));
  if (values.shard !== undefined) {
    const [, shard, of] = /^(\d+)\/(\d+)$/.exec(values.shard)?.map(Number) ?? [];
    if (!(shard >= 1 && shard <= of)) throw new Error(`--shard ${values.shard} is not like 2/8.`);
    guards = part(guards, shard - 1, of);
  }
  if (values["of-commit"]) {
    const commit = BigInt(`0x${execFileSync("git", ["rev-parse", "HEAD"], { cwd: root, encoding: "utf8" })}`);
    const few = (kind, count) => {
      const of = Math.max(1, Math.ceil(kind.length / count));
      return part(kind, Number(commit % BigInt(of)), of);
    };
    const [unit, other] = [guards.filter(isUnit), guards.filter((guard) => !isUnit(guard))];
    guards = [...few(unit, ofCommit.unit), ...few(other, ofCommit.other)];
  }
  if (guards.length === 0) throw new Error("There is no such guard.");
  return guards;
}

function part(guards, index, of) {
  return guards.filter((_, place) => place % of === index);
}

function isUnit({ test }) {
  return test.startsWith("test/unit/");
}

/** The guards by test file, the slowest first, so that the copies finish at about the same time. */
function inOrder(byFile) {
  const weight = (guards) => guards.length * (isUnit(guards[0]) ? 1 : 5);
  return [...byFile.values()].toSorted((a, b) => weight(b) - weight(a));
}
