// `npm run guards [part of a guard's name]`: in a copy of the checkout switches off each guard of
// test/faults/guards/ in turn and shows that its test fails. A test that still passes guards nothing.
import { execFileSync } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main, run, toolEnv } from "./bootstrap.mjs";

const root = join(import.meta.dirname, "..");
const wanted = process.argv.slice(2).join(" ");
await main(async () => {
  const lists = join(root, "test/faults/guards");
  const all = [];
  for (const name of await readdir(lists)) all.push(...JSON.parse(await readFile(join(lists, name), "utf8")));
  const guards = all.filter(({ guard }) => guard.includes(wanted));
  const copy = await mkdtemp(join(tmpdir(), "hostrun-guards-"));
  let worthless = 0;
  try {
    await copyTo(copy);
    await build(copy);
    const before = await outcomes(guards, copy);
    for (const guard of guards) {
      const startedAt = performance.now();
      const finding = await tryWithout(guard, before.get(keyOf(guard)), copy);
      const seconds = `${((performance.now() - startedAt) / 1000).toFixed(0)} s`.padStart(5);
      console.log(
        `${finding === undefined ? "ok    " : "FAILED"} ${seconds}  ${guard.guard}${finding ?? ""}`,
      );
      if (finding !== undefined) worthless += 1;
    }
  } finally {
    await rm(copy, { recursive: true });
  }
  console.log(`${guards.length - worthless} of ${guards.length} guards have a test that needs them`);
  if (worthless > 0) process.exitCode = 1;
});

/** What git knows, as it is now, and what was installed. */
async function copyTo(copy) {
  const listed = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" });
  for (const name of listed.split("\0").filter((file) => file !== "")) {
    await cp(join(root, name), join(copy, name), { recursive: true });
  }
  await symlink(join(root, "node_modules"), join(copy, "node_modules"));
}

async function build(copy) {
  await run("node", ["esbuild.mjs"], { cwd: copy, stdio: "ignore" });
}

function keyOf({ test, name }) {
  return `${test}\n${name}`;
}

/** How the tests end with every guard on, by `keyOf`: those of a file all at once. */
async function outcomes(guards, copy) {
  const found = new Map();
  for (const test of new Set(guards.map((guard) => guard.test))) {
    const names = [...new Set(guards.filter((guard) => guard.test === test).map(({ name }) => name))];
    const results = await runTests(test, names, [], copy);
    for (const name of names) {
      const its = results.filter(({ fullName }) => fullName.includes(name));
      const longestMs = Math.max(0, ...its.map(({ duration }) => duration ?? 0));
      found.set(keyOf({ test, name }), { ...counted(its), longestMs });
    }
    console.log(`${test}: ${told(counted(results))} with every guard`);
  }
  return found;
}

/** Why the guard's test does not show it; undefined where it does: it passes with the guard and fails without. */
async function tryWithout({ file, text, replacement, test, name }, before, copy) {
  const path = join(copy, file);
  const source = await readFile(path, "utf8");
  if (source.split(text).length !== 2) return `: ${file} has its text not exactly once`;
  if (before.failed > 0 || before.passed === 0) return `: with it ${told(before)}`;
  // Much longer than with it is for ever.
  const limits = ["--testTimeout", String(Math.round(10_000 + 4 * before.longestMs)), "--bail", "1"];
  try {
    await writeFile(
      path,
      source.replace(text, () => replacement),
    );
    // Unit tests import the sources; all others run what is built of them.
    if (!test.startsWith("test/unit/")) await build(copy);
    const after = counted(await runTests(test, [name], limits, copy));
    if (after.failed === 0) return `: without it ${told(after)}`;
  } finally {
    await writeFile(path, source);
    await endLeftOvers(copy);
  }
  return undefined;
}

function counted(results) {
  const having = (end) => results.filter(({ status }) => status === end).length;
  return { passed: having("passed"), failed: having("failed") };
}

function told({ passed, failed }) {
  return `${passed} tests passed and ${failed} failed`;
}

/** A test that fails in the middle may leave a daemon of the copy behind, or what it has started there. */
async function endLeftOvers(copy) {
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    const where = await readlink(`/proc/${pid}/cwd`).catch(() => "");
    if (!line.includes(join(copy, "dist/daemon.cjs")) && where !== copy) continue;
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // It ended meanwhile.
    }
  }
}

/** What came of each test of a file whose name holds one of `names`. */
async function runTests(test, names, options, copy) {
  const env = { ...toolEnv(), TEST_DIST: join(copy, "dist") };
  const report = join(copy, "report.json");
  await rm(report, { force: true });
  const pattern = names.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join("|");
  const reporters = ["--reporter=json", `--outputFile.json=${report}`];
  // A test that loops for ever is beyond vitest's own limits.
  const vitest = ["--signal=KILL", "300", "vitest", "run", test, "-t", pattern, ...options, ...reporters];
  await run("timeout", vitest, { cwd: copy, env, stdio: "ignore" }).catch(() => undefined);
  const text = await readFile(report, "utf8").catch(() => undefined);
  if (text === undefined) return [{ status: "failed", fullName: names.join("\n") }];
  return JSON.parse(text).testResults.flatMap(({ assertionResults }) => assertionResults);
}
