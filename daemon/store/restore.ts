import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import Sqlite from "better-sqlite3";
import { Problem } from "../../protocol/problem.ts";
import { backupId, keptFiles, opened, quickCheck } from "./backup.ts";
import { outputSuffix } from "./database.ts";

export interface RestoreOptions {
  /** What `writeBackup` wrote. */
  readonly source: string;
  /** Nobody else uses it: the caller holds its instance lock. */
  readonly stateDirectory: string;
  readonly migrations: string;
  readonly nativeBinding: string | undefined;
}

/** Names of the store in the state directory, the logs and sockets of the daemon not. */
const storeNames = /^(?:hostrun\.db(?:-wal|-shm|-output|-reserve)?|config\.json|known_hosts)$/;

/**
 * Puts the state aside that there is, and what a backup holds in its place; returns where the old one is now. `invalid_request`
 * for what is no backup, `conflict` for one of a newer Hostrun; then nothing was changed.
 */
export async function restoreBackup(options: RestoreOptions): Promise<string> {
  const { source, stateDirectory, nativeBinding } = options;
  const native = nativeBinding === undefined ? {} : { nativeBinding };
  checkBackup(options);
  const draft = mkdtempSync(join(stateDirectory, "restore-"));
  try {
    await unpack(source, draft, native);
    const aside = join(stateDirectory, `before-restore-${new Date().toISOString().replaceAll(":", "-")}`);
    mkdirSync(aside, { mode: 0o700 });
    for (const name of readdirSync(stateDirectory)) {
      if (storeNames.test(name)) renameSync(join(stateDirectory, name), join(aside, name));
    }
    for (const name of readdirSync(draft)) renameSync(join(draft, name), join(stateDirectory, name));
    return aside;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Throws what is wrong with a backup, as `restoreBackup` does; it changes nothing. */
export function checkBackup({
  source,
  migrations,
  nativeBinding,
}: Omit<RestoreOptions, "stateDirectory">): void {
  const native = nativeBinding === undefined ? {} : { nativeBinding };
  refuseOddFile(source);
  try {
    using backup = opened(new Sqlite(source, { readonly: true, fileMustExist: true, ...native }));
    if (backup.sql.pragma("application_id", { simple: true }) !== backupId)
      throw noBackup(source, "is no backup of Hostrun");
    if (backup.sql.pragma("quick_check", { simple: true }) !== "ok") throw noBackup(source, "is damaged");
    refuseNewer(backup.sql, source, migrations);
  } catch (failure) {
    if (failure instanceof Sqlite.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(failure.code)) {
      throw noBackup(source, "is no backup of Hostrun, or is damaged");
    }
    throw failure;
  }
}

function refuseOddFile(source: string): void {
  const found = lstatSync(source, { throwIfNoEntry: false });
  if (found === undefined) throw noBackup(source, "is not there");
  if (found.isSymbolicLink()) throw noBackup(source, "is a symbolic link; name the file itself");
  if (!found.isFile()) throw noBackup(source, "is no regular file");
}

async function unpack(
  source: string,
  draft: string,
  native: { readonly nativeBinding?: string },
): Promise<void> {
  const path = join(draft, "hostrun.db");
  using backup = opened(new Sqlite(source, { readonly: true, fileMustExist: true, ...native }));
  await backup.sql.backup(path);
  chmodSync(path, 0o600);
  using copy = opened(new Sqlite(path, native));
  const files = copy.sql.prepare<[], { path: string; bytes: Buffer }>("SELECT path, bytes FROM backup_files");
  for (const file of files.iterate()) {
    const output = /^output\/(\d+\/\d+)$/.exec(file.path)?.[1];
    const kept = keptFiles.find((name) => name === file.path);
    if (output === undefined && kept === undefined) throw noBackup(source, "holds a file that no backup has");
    const target = output === undefined ? join(draft, kept ?? "") : join(path + outputSuffix, output);
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    writeFileSync(target, file.bytes, { flag: "wx", mode: 0o600 });
  }
  // Positions in streams are none of this store's, which is another one from here on.
  copy.sql.exec("DELETE FROM meta WHERE name = 'epoch'; DROP TABLE backup_files");
  copy.sql.pragma("application_id = 0");
  copy.sql.exec("VACUUM");
}

function refuseNewer(sql: Sqlite.Database, source: string, migrations: string): void {
  const known = readdirSync(migrations);
  const names = sql.prepare<[], string>("SELECT name FROM migrations").pluck().all();
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new Problem(
    "conflict",
    `${source} was made by a newer Hostrun (its store has ${unknown.join(", ")}). Update Hostrun, then restore it. Nothing was changed.`,
  );
}

function noBackup(source: string, why: string): Problem {
  return new Problem(
    "invalid_request",
    `${source} ${why}. \`hostrun backup FILE\` writes one. Nothing was changed.`,
  );
}

/** What is not whole of a store, as SQLite's quick check has it; undefined where all of it is. */
export function examineStore(path: string, nativeBinding: string | undefined): string | undefined {
  if (!existsSync(path)) return undefined;
  const native = nativeBinding === undefined ? {} : { nativeBinding };
  using store = opened(new Sqlite(path, { readonly: true, fileMustExist: true, ...native }));
  const found = quickCheck(store.sql);
  return found === "ok" ? undefined : found;
}
