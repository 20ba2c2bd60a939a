import { lstat } from "node:fs/promises";
import { errorCode } from "../../state-directory/error-code.ts";
import type { Log } from "./log.ts";

/** A file without which clients do not find the daemon. */
export interface NeededFile {
  readonly path: string;
  /** Makes it again. */
  readonly restore: () => void | Promise<void>;
}

export interface LostFilesParts {
  readonly files: readonly NeededFile[];
  /** Whether the state directory is still at its path. */
  readonly isInPlace: () => Promise<boolean>;
  /** Called once when it is not: nobody finds this daemon any more, and its path may be another's. */
  readonly gone: () => void;
  readonly log: Log;
  readonly checkMs?: number;
}

const usualCheckMs = 5000;

/** Makes needed files again that somebody removed while the daemon runs: nobody could reach it, nor start another. */
export function openLostFiles(parts: LostFilesParts): Disposable {
  const { files, isInPlace, gone, log, checkMs = usualCheckMs } = parts;
  let checking = false;
  let stopped = false;
  const check = async (): Promise<void> => {
    const isHere = await isInPlace();
    if (stopped) return;
    if (!isHere) {
      clearInterval(timer);
      gone();
      return;
    }
    for (const { path, restore } of files) {
      if (!(await isMissing(path)) || stopped) continue;
      await restore();
      log.warn("A file by which clients find the daemon was removed, and is made again", { path });
    }
  };
  const timer = setInterval(() => {
    // A file system that hangs is not asked again meanwhile.
    if (checking) return;
    checking = true;
    void check()
      .catch((failure: unknown) => log.warn("A removed file cannot be made again", { failure }))
      .finally(() => {
        checking = false;
      });
  }, checkMs).unref();
  return {
    [Symbol.dispose]: () => {
      stopped = true;
      clearInterval(timer);
    },
  };
}

async function isMissing(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return false;
  } catch (failure) {
    return errorCode(failure) === "ENOENT";
  }
}
