// Which daemons of this checkout run: those that its own Node runs, from wherever. Linux only.
import { readdir, readFile, readlink } from "node:fs/promises";
import { join, sep } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { root } from "./bootstrap.mjs";

/** Those that a test had stopped may take so long. */
const endMs = 10_000;

/** By their pids: their arguments. */
export async function runningDaemons() {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map(async (pid) => [pid, await daemonArguments(pid)]));
  return new Map(found.filter(([, args]) => args !== undefined));
}

/** Throws where some run that did not run `before`, and are still there after ten seconds. */
export async function expectNoneLeft(before) {
  const until = performance.now() + endMs;
  for (;;) {
    const left = [...(await runningDaemons())].filter(([pid]) => !before.has(pid));
    if (left.length === 0) return;
    if (performance.now() > until) {
      const named = left.map(([pid, args]) => `\n  ${pid}: ${args}`);
      throw new Error(`A test started these daemons and did not end them:${named.join("")}`);
    }
    await delay(200);
  }
}

async function daemonArguments(pid) {
  try {
    if (!(await readlink(join("/proc", pid, "exe"))).startsWith(root + sep)) return undefined;
    const args = (await readFile(join("/proc", pid, "cmdline"), "utf8")).split("\0");
    return args.some((word) => word.endsWith(`${sep}daemon.cjs`)) ? args.join(" ").trim() : undefined;
  } catch {
    return undefined; // It is gone, or another user's.
  }
}
