import { join } from "node:path";
import { silentLog } from "../../daemon/core/log.ts";
import { openUserFiles, type UserFiles, type UserFilesOptions } from "../../daemon/core/user-files.ts";

export interface TestFilesOptions extends Partial<Omit<UserFilesOptions, "program">> {
  /** A link to the reader's source, by which its processes can be told from others. */
  readonly script?: string;
  readonly runtime?: string;
}

export const readerSource = join(import.meta.dirname, "../../daemon/reader.ts");

/** The daemon's reader of files on its own, as it stands in the source. */
export function openTestFiles(options: TestFilesOptions = {}): UserFiles {
  const { script = readerSource, runtime = process.execPath, log = silentLog, ...limits } = options;
  return openUserFiles({ program: { runtime, script, environment: process.env }, log, ...limits });
}
