// `npm run guards [part of a guard's name]`: in a copy of the checkout switches off each guard of
// test/faults/guards.json in turn and shows that its test fails. A test that still passes guards nothing.
import { execFileSync } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { main, run, toolEnv } from "./bootstrap.mjs";

const root = join(import.meta.dirname, "..");
const wanted = process.argv.slice(2).join(" ");

await main(async () => {
  const all = JSON.parse(await readFile(join(root, "test/faults/guards.json"), "utf8"));
  const guards = all.filter(({ guard }) => guard.includes(wanted));
  const copy = await mkdtemp(join(tmpdir(), "hostrun-guards-"));
  const worthless = [];
  try {
    await copyTo(copy);
    for (const guard of guards) {
      const finding = await tryWithout(guard, copy);
      console.log(
        `${finding === undefined ? "ok    " : "FAILED"}  ${guard.guard}${finding ? `: ${finding}` : ""}`,
      );
      if (finding !== undefined) worthless.push(guard);
    }
  } finally {
    await rm(copy, { recursive: true });
  }
  console.log(`${guards.length - worthless.length} of ${guards.length} guards have a test that needs them`);
  if (worthless.length > 0) process.exitCode = 1;
});

/** What git knows, as it is now, and what was installed. */
async function copyTo(copy) {
  const listed = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" });
  for (const name of listed.split("\0").filter((file) => file !== "")) {
    await cp(join(root, name), join(copy, name), { recursive: true });
  }
  await symlink(join(root, "node_modules"), join(copy, "node_modules"));
}

/** Why the guard's test does not show it; undefined where it does: it passes with the guard and fails without. */
async function tryWithout({ file, text, replacement, test, name }, copy) {
  const path = join(copy, file);
  const source = await readFile(path, "utf8");
  if (source.split(text).length !== 2) return `${dirname(file)} has its text not exactly once`;
  if ((await outcome(test, name, copy)) !== "passed") return "its test does not pass with it";
  try {
    await writeFile(
      path,
      source.replace(text, () => replacement),
    );
    if ((await outcome(test, name, copy)) === "passed") return "its test passes without it";
  } finally {
    await writeFile(path, source);
    await endLeftOvers(copy);
  }
  return undefined;
}

/** A test that fails in the middle may leave a daemon of the copy behind. */
async function endLeftOvers(copy) {
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (line.includes(join(copy, "dist/daemon.cjs"))) process.kill(Number(pid), "SIGKILL");
  }
}

/** How the tests whose names hold `name` end, on a build of the copy's sources. */
async function outcome(test, name, copy) {
  const env = { ...toolEnv(), TEST_DIST: join(copy, "dist") };
  await run("node", ["esbuild.mjs"], { cwd: copy, env, stdio: "ignore" });
  const pattern = name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const failure = await run("vitest", ["run", test, "-t", pattern, "--testTimeout", "60000", "--bail", "1"], {
    cwd: copy,
    env,
    stdio: "ignore",
  }).catch((error) => error);
  return failure === undefined ? "passed" : "failed";
}
