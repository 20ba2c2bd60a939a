import { readdir, readFile } from "node:fs/promises";

/** The CPU time that the live threads of processes have taken, in ms, as the kernel accounts it. */
export async function cpuMs(pids: readonly number[]): Promise<number> {
  const each = await Promise.all(pids.map(cpuMsOf));
  return each.reduce((sum, ms) => sum + ms, 0);
}

async function cpuMsOf(pid: number): Promise<number> {
  const tasks = `/proc/${pid}/task`;
  const threads = await readdir(tasks);
  const times = await Promise.all(
    // One that has ended meanwhile took next to nothing.
    threads.map((thread) => readFile(`${tasks}/${thread}/schedstat`, "utf8").catch(() => "0")),
  );
  return times.reduce((sum, text) => sum + Number(text.split(" ", 1)[0]) / 1e6, 0);
}
