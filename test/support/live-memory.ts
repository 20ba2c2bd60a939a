import { execFile } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "vitest";
import * as z from "zod";
import { watchFor } from "./daemon.ts";
import { type Directory, openDirectory } from "./directory.ts";

/** What is free is given back by trim-memory.c: the C library would keep as much of it as a burst needed, between what is in use. */
const allocator = { MALLOC_ARENA_MAX: "1" };

const MemoryUsage = z.object({ heapUsed: z.number(), external: z.number(), allocated: z.number() });

const run = promisify(execFile);

/** Bytes that something in a process still holds: garbage that waits to be collected is no leak. */
export interface MemoryHeld {
  /** JavaScript objects and the buffers that they hold. */
  readonly objects: number;
  /** JavaScript objects and all that is allocated beside them, SQLite's pages included: what a leak adds to. */
  readonly allocated: number;
  /** All memory of its own that is in use, without the pages of files that it maps. */
  readonly process: number;
}

/** Asks a daemon what memory it holds. */
export interface LiveMemory extends AsyncDisposable {
  /** To be given to the daemon. */
  readonly environment: Readonly<Record<string, string>>;
  held(pid: number): Promise<MemoryHeld>;
}

/** The memory of a daemon that has just started, in bytes, once it is idle and has given back what its start took. */
export async function idleMemory(pid: number): Promise<number> {
  const started = await memoryOf(pid, "VmRSS");
  await expect
    .poll(() => memoryOf(pid, "VmRSS"), { timeout: 60_000, interval: 500 })
    .toBeLessThan(started - 8 * 1024 * 1024);
  return memoryOf(pid, "VmRSS");
}

/** proc(5): VmRSS is the memory in use, RssAnon what of it belongs to no file, VmHWM its peak; in bytes. */
export async function memoryOf(pid: number, what: "VmRSS" | "VmHWM" | "RssAnon"): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`${what}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024;
}

/** Gives back how to ask how many bytes of memory a process has had in use at most from now on, above what it has now. */
export async function watchPeak(pid: number): Promise<() => Promise<number>> {
  // proc(5): 5 resets the peak to what is in use.
  await writeFile(`/proc/${pid}/clear_refs`, "5");
  const begun = await memoryOf(pid, "VmHWM");
  return async () => (await memoryOf(pid, "VmHWM")) - begun;
}

export async function openLiveMemory(): Promise<LiveMemory> {
  const directory: Directory = await openDirectory();
  const path = directory.join("memory");
  const trim = directory.join("trim-memory.node");
  await run("tcc", [
    "-shared",
    "-nostdlib",
    "-o",
    trim,
    fileURLToPath(import.meta.resolve("./trim-memory.c")),
  ]);
  const report = fileURLToPath(import.meta.resolve("./memory-report.ts"));
  return {
    environment: {
      ...allocator,
      NODE_OPTIONS: `--import ${report}`,
      TEST_MEMORY_REPORT: path,
      TEST_TRIM_MEMORY: trim,
    },
    async held(pid) {
      await rm(path, { force: true });
      const written = watchFor(directory.path, "memory");
      process.kill(pid, "SIGUSR2");
      await written;
      const { heapUsed, external, allocated } = MemoryUsage.parse(JSON.parse(await readFile(path, "utf8")));
      const anonymous = await memoryOf(pid, "RssAnon");
      return { objects: heapUsed + external, allocated: heapUsed + allocated, process: anonymous };
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}
