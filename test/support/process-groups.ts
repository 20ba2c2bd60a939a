import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** A process of this machine that lives; one that is dead and not yet collected does not. */
export interface LiveProcess {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly words: readonly string[];
  /** Its words, with spaces between. */
  readonly args: string;
}

export async function liveProcesses(): Promise<LiveProcess[]> {
  const names = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(names.map(readProcess));
  return found.filter((each) => each !== undefined);
}

/**
 * Waits until `count` processes have `word` as their very own argument, and gives them back. A shell with the word
 * in its script is none of them.
 */
export async function untilLive(word: string, count: number): Promise<LiveProcess[]> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const found = (await liveProcesses()).filter(({ words }) => words.includes(word));
    if (found.length >= count) return found;
    if (performance.now() > deadline) throw new Error(`${found.length} of ${count} processes have ${word}`);
    // There is no event for a process of somebody else that starts.
    await delay(20);
  }
}

async function readProcess(name: string): Promise<LiveProcess | undefined> {
  try {
    // First the arguments: between its fork and its exec a process is in its parent's group, with its arguments.
    const cmdline = await readFile(`/proc/${name}/cmdline`, "utf8");
    // A title that a process gave itself may be padded.
    const words = cmdline.replace(/\0+$/, "").split("\0");
    const stat = await readFile(`/proc/${name}/stat`, "latin1");
    const [state, parent, group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (state === "Z" || state === "X") return undefined;
    return { pid: Number(name), parent: Number(parent), group: Number(group), words, args: words.join(" ") };
  } catch {
    // It ended meanwhile.
    return undefined;
  }
}
