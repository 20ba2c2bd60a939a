import {
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  ftruncateSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { openOwnFile } from "../../state-directory/own-file.ts";
import { draftOf } from "../../state-directory/atomic-file.ts";
import type { LogSink } from "./log.ts";

const defaultMaxBytes = 5 * 1024 * 1024;

/**
 * Appends lines to `path` (mode 0600). At `maxBytes` what it holds is copied to `path.1`, which replaces the one before,
 * and the file is emptied. It is never renamed: in the background it is the daemon's standard error as well, and what
 * the process writes there when it crashes must stand where people look.
 */
export function createLogFile(path: string, maxBytes = defaultMaxBytes): LogSink {
  let file: number | undefined;
  return (line) => {
    try {
      file = inPlace(file) ?? openOwnFile(path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT);
      const { size } = fstatSync(file);
      if (size > 0 && size + Buffer.byteLength(line) > maxBytes) empty(path, file);
      writeFileSync(file, line);
    } catch {
      // A log that cannot be written must not take the daemon down; the next line tries again.
    }
  };
}

/** The file, unless somebody removed it: then a new one is begun. */
function inPlace(file: number | undefined): number | undefined {
  if (file === undefined || fstatSync(file).nlink > 0) return file;
  closeSync(file);
  return undefined;
}

function empty(path: string, file: number): void {
  const draft = draftOf(path);
  try {
    copyFileSync(path, draft, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    renameSync(draft, `${path}.1`);
  } catch {
    // Where there is no room for both, what was there is given up: the log stays bounded.
    rmSync(draft, { force: true });
  }
  ftruncateSync(file);
}
