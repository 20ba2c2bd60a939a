// Finds running daemons of this checkout: those started with its own Node, from anywhere. Linux only.
import { readdir, readFile, readlink } from "node:fs/promises";
import { join, sep } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { root } from "./bootstrap.mjs";

/** Daemons that a test has asked to stop may take this long. */
const endMs = 10_000;

/** Maps their pids to their arguments. */
export async function runningDaemons() {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map(async (pid) => [pid, await daemonArguments(pid)]));
  return new Map(found.filter(([, args]) => args !== undefined));
}

/** Throws if there are daemons that are not in `before` and do not exit within ten seconds. */
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
    return undefined; // It is gone, or belongs to another user.
  }
}
