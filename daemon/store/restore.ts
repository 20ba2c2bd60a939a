import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  type Stats,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import Sqlite from "better-sqlite3";
import { Problem } from "../../protocol/problem.ts";
import { ownUid } from "../../state-directory/account.ts";
import { errorCode } from "../../state-directory/error-code.ts";
import { isWritableByOthers } from "../../state-directory/trusted-directory.ts";
import { backupId, keptFiles, opened, quickCheck } from "./backup.ts";
import { sealedBytes } from "./backup-seal.ts";
import { outputSuffix } from "./database.ts";
import { isMissingOrEmpty } from "./quarantine.ts";

export interface RestoreOptions {
  /** A file written by `writeBackup`. */
  readonly source: string;
  readonly stateDirectory: string;
  readonly migrations: string;
  readonly nativeBinding: string | undefined;
}

/** Files of the store in the state directory, as opposed to logs and sockets of the daemon. */
const storeNames = /^(?:hostrun\.db(?:-wal|-shm|-output|-reserve|-checked)?|config\.json|known_hosts)$/;
const maxDraftAgeMs = 3_600_000;
const draftNames = /^restore-[0-9A-Za-z]{6}$/;

/**
 * Checks a backup and unpacks it beside the present state; returns the folder, for `takeRestored`, and leaves none on
 * failure. Throws `invalid_request` if it is not an intact backup of this user, `conflict` if it is from a newer
 * Hostrun; errors of the system or SQLite if there is no room.
 */
export async function unpackBackup(options: RestoreOptions): Promise<string> {
  const { source, stateDirectory } = options;
  const size = refuseOddFile(source);
  removeOldDrafts(stateDirectory);
  const bytes = await sealedBytes(source, size).catch((cause: unknown) => {
    throw noBackup(source, `cannot be read (${errorCode(cause) ?? "unknown error"})`);
  });
  if (bytes === undefined) {
    throw noBackup(source, "is not a Hostrun backup, or is damaged: its checksum is missing or wrong");
  }
  const draft = mkdtempSync(join(stateDirectory, "restore-"));
  try {
    unpack(options, draft, bytes);
    return draft;
  } catch (failure) {
    rmSync(draft, { recursive: true, force: true });
    if (failure instanceof Sqlite.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(failure.code)) {
      throw noBackup(source, "is not a Hostrun backup, or is damaged");
    }
    throw failure;
  }
}

/**
 * Moves the present state aside and replaces it by the unpacked one; returns the new path of the old state. The caller
 * must hold the instance lock, so that nothing else uses the state.
 */
export function takeRestored(stateDirectory: string, draft: string): string {
  if (
    dirname(draft) !== stateDirectory ||
    !draftNames.test(basename(draft)) ||
    !existsSync(join(draft, "hostrun.db"))
  ) {
    throw new Problem(
      "conflict",
      "What was unpacked to be restored is gone. Nothing was changed; try again.",
    );
  }
  const aside = join(stateDirectory, `before-restore-${new Date().toISOString().replaceAll(":", "-")}`);
  mkdirSync(aside, { mode: 0o700 });
  const present = readdirSync(stateDirectory).filter((name) => storeNames.test(name));
  const moves = [
    ...present.map((name) => ({ from: join(stateDirectory, name), to: join(aside, name) })),
    ...readdirSync(draft).map((name) => ({ from: join(draft, name), to: join(stateDirectory, name) })),
  ];
  const done: typeof moves = [];
  try {
    for (const move of moves) {
      renameSync(move.from, move.to);
      done.unshift(move);
    }
  } catch (failure) {
    for (const { from, to } of done) renameSync(to, from);
    throw failure;
  }
  return aside;
}

/** Removes what a killed restore left. */
function removeOldDrafts(stateDirectory: string): void {
  for (const name of readdirSync(stateDirectory)) {
    const path = join(stateDirectory, name);
    const isOld = (): boolean => Date.now() - lstatSync(path).mtimeMs > maxDraftAgeMs;
    if (draftNames.test(name) && isOld()) rmSync(path, { recursive: true, force: true });
  }
}

/**
 * Returns its size. A file that another account could have written is refused, since hosts in a backup contain
 * commands.
 */
function refuseOddFile(source: string): number {
  const found = lstatSync(source, { throwIfNoEntry: false });
  if (found === undefined) throw noBackup(source, "is not there");
  if (found.isSymbolicLink()) throw noBackup(source, "is a symbolic link; name the file itself");
  if (!found.isFile()) throw noBackup(source, "is not a regular file");
  const why = whyForeign(found);
  if (why === undefined) return found.size;
  throw new Problem(
    "forbidden",
    `${source} ${why}. If you know where it is from, copy it to a file of your own (\`install -m 600 FILE COPY\`) and restore that. Nothing was changed.`,
  );
}

function whyForeign(found: Stats): string | undefined {
  const uid = ownUid();
  if (uid === undefined) return undefined;
  if (found.uid !== uid && found.uid !== 0)
    return `belongs to the user with id ${found.uid} and not to you (${uid})`;
  return isWritableByOthers(found) ? "can be written to by other users" : undefined;
}

function unpack({ source, migrations, nativeBinding }: RestoreOptions, draft: string, bytes: number): void {
  const path = join(draft, "hostrun.db");
  copyFileSync(source, path);
  chmodSync(path, 0o600);
  truncateSync(path, bytes);
  using copy = opened(new Sqlite(path, nativeBinding === undefined ? {} : { nativeBinding }));
  if (copy.sql.pragma("application_id", { simple: true }) !== backupId)
    throw noBackup(source, "is not a Hostrun backup");
  if (quickCheck(copy.sql) !== "ok") throw noBackup(source, "is damaged");
  refuseNewer(copy.sql, source, migrations);
  const files = copy.sql.prepare<[], { path: string; bytes: Buffer }>("SELECT path, bytes FROM backup_files");
  for (const file of files.iterate()) {
    const output = /^output\/(\d+\/\d+)$/.exec(file.path)?.[1];
    const kept = keptFiles.find((name) => name === file.path);
    if (output === undefined && kept === undefined)
      throw noBackup(source, "contains a file that does not belong in a backup");
    const target = output === undefined ? join(draft, kept ?? "") : join(path + outputSuffix, output);
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    writeFileSync(target, file.bytes, { flag: "wx", mode: 0o600 });
  }
  // The restored store is a different one, in which earlier stream positions are invalid. A store without a recorded
  // location may be a copy, too.
  copy.sql.exec(
    "DELETE FROM meta WHERE name = 'epoch'; INSERT OR IGNORE INTO meta (name, value) VALUES ('place', ''); DROP TABLE backup_files",
  );
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

/** What is found damaged in the store of a running daemon, by SQLite's quick check; undefined if it is intact. */
export function examineStore(path: string, nativeBinding: string | undefined): string | undefined {
  if (isMissingOrEmpty(path)) return `${path} is missing or empty`;
  const native = nativeBinding === undefined ? {} : { nativeBinding };
  using store = opened(new Sqlite(path, { readonly: true, fileMustExist: true, ...native }));
  const found = quickCheck(store.sql);
  return found === "ok" ? undefined : found;
}
