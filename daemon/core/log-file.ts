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
 * Appends lines to `path` (mode 0600). At `maxBytes` its content is copied to `path.1`, replacing that, and the file is
 * truncated. It is never renamed: in the background it is also the daemon's standard error, and a crash message has to
 * appear where people look for it.
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
      // A log that cannot be written must not stop the daemon; the next line tries again.
    }
  };
}

/** The file, unless somebody removed it: then a new one is created. */
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
    // If there is no room for both, the old content is given up, so that the log stays bounded.
    rmSync(draft, { force: true });
  }
  ftruncateSync(file);
}
