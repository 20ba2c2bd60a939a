import { closeSync, constants, existsSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { Problem } from "../../protocol/problem.ts";
import { readOwnFile } from "../../state-directory/own-file.ts";
import { seal } from "./backup-seal.ts";
import { outputSuffix } from "./database.ts";

/** "HRbk", the application id in SQLite's header that distinguishes a backup from other databases. */
export const backupId = 0x48_52_62_6b;

/** Files of the state directory that are backed up with the database; neither the token nor the log. */
export const keptFiles = ["config.json", "known_hosts"] as const;

export interface BackupOptions {
  readonly stateDirectory: string;
  /** Must not exist. */
  readonly target: string;
  readonly nativeBinding: string | undefined;
}

/**
 * Writes one file (mode 0600) with a consistent copy of the whole store, even while a daemon is using it: the database,
 * with the configuration, host keys and output files in a table of their own. Throws errors of SQLite and the system.
 */
export async function writeBackup({ stateDirectory, target, nativeBinding }: BackupOptions): Promise<void> {
  const native = nativeBinding === undefined ? {} : { nativeBinding };
  const path = join(stateDirectory, "hostrun.db");
  // SQLite would create it with another mode.
  closeSync(openSync(target, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600));
  using source = opened(new Sqlite(path, { readonly: true, fileMustExist: true, ...native }));
  // In one step: if another process writes between steps, SQLite starts over.
  await source.sql.backup(target, { progress: () => 2 ** 31 - 1 });
  using copy = opened(new Sqlite(target, native));
  copy.sql.pragma("journal_mode = DELETE");
  copy.sql.exec("CREATE TABLE backup_files (path TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT");
  const add = copy.sql.prepare("INSERT INTO backup_files (path, bytes) VALUES (?, ?)");
  for (const name of keptFiles) {
    const text = readOwnFile(join(stateDirectory, name));
    if (text !== undefined) add.run(name, Buffer.from(text));
  }
  for (const name of outputFiles(path + outputSuffix))
    add.run(`output/${name}`, read(join(path + outputSuffix, name)));
  // A copy of a damaged store could not be restored, and might replace a good one.
  const found = quickCheck(copy.sql);
  if (found !== "ok")
    throw new Problem("storage_full", `The store is damaged (${found}). See \`hostrun doctor\`.`);
  copy.sql.pragma(`application_id = ${backupId}`);
  copy.sql.close();
  await seal(target);
}

/** The first problem found, as a single line, or "ok". */
export function quickCheck(sql: Sqlite.Database): string {
  try {
    // The problem follows a line that names the database.
    const found = String(sql.pragma("quick_check(1)", { simple: true }));
    return found.replace(/^\*\*\*.*\n/, "");
  } catch (failure) {
    // Some kinds of damage make it throw. A failing disk or a busy store is not damage.
    if (failure instanceof Sqlite.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(failure.code))
      return failure.message;
    throw failure;
  }
}

/** Paths of the form `<run>/<segment>`, with the names that Hostrun uses. */
function outputFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((run) =>
    /^\d+$/.test(run)
      ? readdirSync(join(folder, run))
          .filter((name) => /^\d+$/.test(name))
          .map((name) => `${run}/${name}`)
      : [],
  );
}

/** Empty if the run was deleted in the meantime. */
function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}

export function opened(sql: Sqlite.Database): { readonly sql: Sqlite.Database } & Disposable {
  return { sql, [Symbol.dispose]: () => void sql.close() };
}
