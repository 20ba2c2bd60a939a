import { createHash, randomBytes } from "node:crypto";
import {
  chmodSync,
  constants,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import Sqlite from "better-sqlite3";
import { Problem } from "../../protocol/problem.ts";
import { cannotUse } from "../../state-directory/file-problem.ts";
import { type Log, silentLog } from "../core/log.ts";
import { type Checkpoint, DiskReserve } from "./disk-reserve.ts";
import { mapStorageErrors } from "./storage-errors.ts";
import { DamageReport } from "./stored-row.ts";

export interface DatabaseOptions {
  readonly path: string;
  /** The folder with `0001-….sql` and so on. */
  readonly migrations: string;
  /** The path of better-sqlite3's native addon; undefined: the package's default. */
  readonly nativeBinding: string | undefined;
  /** Receives reports of unreadable data; by default they are discarded. */
  readonly log?: Log;
}

export interface Database extends Disposable {
  readonly sql: Sqlite.Database;
  /** Identifies this database in event ids, so that a position in another one is detected. */
  readonly epoch: string;
  /** The folder for long pieces of output, by run; it exists. */
  readonly outputFolder: string;
  readonly damage: DamageReport;
  readonly reserve: DiskReserve;
  journalMode(): string;
  /** Size of the database on disk, including the write-ahead log but not the output files. */
  sizeBytes(): number;
}

/** Suffix of the folder that belongs to a database file. */
export const outputSuffix = "-output";

/** Opens the store, applies migrations and leaves it in WAL mode. */
export function openDatabase(options: DatabaseOptions): Database {
  const native = options.nativeBinding === undefined ? {} : { nativeBinding: options.nativeBinding };
  const sql = mapStorageErrors(() => new Sqlite(options.path, native));
  try {
    const outputFolder = options.path + outputSuffix;
    const damage = new DamageReport(options.log ?? silentLog);
    const epoch = mapStorageErrors(() => {
      applyPragmas(sql);
      migrate(sql, options);
      mkdirSync(outputFolder, { recursive: true, mode: 0o700 });
      return readEpoch(sql, damage);
    });
    return {
      sql,
      epoch,
      outputFolder,
      damage,
      reserve: new DiskReserve(`${options.path}-reserve`, (mode) => checkpoint(sql, mode)),
      journalMode: () => String(sql.pragma("journal_mode", { simple: true })),
      sizeBytes: () => sizeOf(options.path) + sizeOf(`${options.path}-wal`),
      [Symbol.dispose]: () => {
        try {
          sql.pragma("optimize");
        } catch {
          // It only gathers statistics for the next start, and fails on a full disk.
        }
        sql.close();
      },
    };
  } catch (failure) {
    sql.close();
    throw failure;
  }
}

const busyTimeoutMs = 60_000;
/** At 8 MiB a commit makes the checkpoint itself; below that, `Checkpoints` does. */
const maxLogPages = 2048;

/** Checkpoints as much as possible without waiting for readers of the database, such as a backup. */
function checkpoint(sql: Sqlite.Database, mode: Checkpoint): void {
  sql.pragma("busy_timeout = 0");
  try {
    sql.pragma(`wal_checkpoint(${mode})`);
  } catch {
    // The database has no room for it, or a transaction is open: a later write does it.
  } finally {
    sql.pragma(`busy_timeout = ${busyTimeoutMs}`);
  }
}

/** NORMAL loses no committed run when the process dies; in a power cut, it may lose the last ones. */
function applyPragmas(sql: Sqlite.Database): void {
  sql.pragma("journal_mode = WAL");
  sql.pragma("synchronous = NORMAL");
  sql.pragma(`busy_timeout = ${busyTimeoutMs}`);
  sql.pragma(`wal_autocheckpoint = ${maxLogPages}`);
  sql.pragma("cache_size = -65536");
  sql.pragma("temp_store = MEMORY");
  sql.pragma("mmap_size = 268435456");
  sql.pragma("foreign_keys = ON");
}

function migrate(sql: Sqlite.Database, { path, migrations: folder }: DatabaseOptions): void {
  sql.exec(`CREATE TABLE IF NOT EXISTS migrations (
    name TEXT PRIMARY KEY, sha256 TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT`);
  const applied = new Map(
    sql
      .prepare<[], { name: string; sha256: string }>("SELECT name, sha256 FROM migrations")
      .all()
      .map((row) => [row.name, row.sha256]),
  );
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .sort();
  const unknown = [...applied.keys()].filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    throw new Problem(
      "conflict",
      `The store was written by a newer Hostrun (it has ${unknown.join(", ")}). Update Hostrun, restore a backup of this version (\`hostrun restore FILE\`), or point HOSTRUN_HOME elsewhere.`,
    );
  }
  const pending = names
    .map((name) => migrationIn(folder, name))
    .filter(({ name, sha256 }) => {
      const before = applied.get(name);
      if (before !== undefined && before !== sha256)
        throw new Problem("internal", `Migration ${name} was changed after it was applied.`);
      return before === undefined;
    });
  const [first] = pending;
  if (first === undefined) return;
  if (applied.size > 0) keepCopy(sql, path, first.name);
  const record = sql.prepare("INSERT INTO migrations (name, sha256, applied_at) VALUES (?, ?, ?)");
  // All or none, so that after a failure the previous version of Hostrun can still use the store.
  sql.transaction(() => {
    for (const { name, sha256, text } of pending) {
      sql.exec(text);
      record.run(name, sha256, new Date().toISOString());
    }
  })();
}

function migrationIn(folder: string, name: string): { name: string; text: string; sha256: string } {
  const text = readFileSync(join(folder, name), "utf8");
  return { name, text, sha256: createHash("sha256").update(text).digest("hex") };
}

/** Copies the database before the pending migrations are applied; only the latest copy is kept. */
function keepCopy(sql: Sqlite.Database, path: string, migration: string): void {
  const prefix = `${basename(path)}.before-`;
  const copy = join(dirname(path), `${prefix}${migration.replace(/\.sql$/, "")}`);
  for (const name of readdirSync(dirname(path))) {
    if (name.startsWith(prefix)) rmSync(join(dirname(path), name), { force: true });
  }
  sql.pragma("wal_checkpoint(TRUNCATE)");
  try {
    copyFileSync(path, copy, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    chmodSync(copy, 0o600);
  } catch (cause) {
    rmSync(copy, { force: true });
    throw cannotUse(`The store cannot be copied to ${copy} before its tables are changed`, cause);
  }
}

/** A damaged epoch is replaced; positions that contain it become unknown. */
function readEpoch(sql: Sqlite.Database, damage: DamageReport): string {
  const known = sql.prepare<[], string>("SELECT value FROM meta WHERE name = 'epoch'").pluck().get();
  if (known !== undefined && /^[0-9a-f]{8}$/.test(known)) return known;
  if (known !== undefined) damage.report("meta", "epoch");
  const epoch = randomBytes(4).toString("hex");
  sql.prepare("INSERT OR REPLACE INTO meta (name, value) VALUES ('epoch', ?)").run(epoch);
  return epoch;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
