import { readFile, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { watchFor } from "./daemon.ts";
import { openDirectory } from "./directory.ts";

/** Asks a daemon for how long its event loop was busy at a stretch, so that nobody else was served. */
export interface EventLoopWatch extends AsyncDisposable {
  /** To be given to the daemon. */
  readonly environment: Readonly<Record<string, string>>;
  /** In milliseconds of CPU time, which other work on the machine does not lengthen; since it was asked before. */
  maxStepMs(pid: number): Promise<number>;
}

export async function openEventLoopWatch(): Promise<EventLoopWatch> {
  const directory = await openDirectory();
  const path = directory.join("longest");
  const report = fileURLToPath(import.meta.resolve("./event-loop-report.ts"));
  return {
    environment: { NODE_OPTIONS: `--import ${report}`, TEST_EVENT_LOOP_REPORT: path },
    async maxStepMs(pid) {
      await rm(path, { force: true });
      const written = watchFor(directory.path, "longest");
      process.kill(pid, "SIGWINCH");
      await written;
      return Number(await readFile(path, "utf8"));
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}
