import { existsSync, readFileSync, renameSync, statSync } from "node:fs";
import Sqlite from "better-sqlite3";
import { writeFileAtomically } from "../../state-directory/atomic-file.ts";
import { outputSuffix } from "./database.ts";
import { mapStorageErrors } from "./storage-errors.ts";

/** Above this size the whole file is not read: 64 MiB take about 50 ms. */
const checkedWholeBytes = 64 * 1024 * 1024;
const neededToStart = new Set(["migrations", "meta", "hosts", "runs"]);

/**
 * Puts a store that is damaged aside, with its write-ahead log and its output, as `<path>.damaged-<time>`, so that a
 * new one can be begun. Returns where it is now; undefined for one that is whole, or is not there. An empty file is
 * whole: it has nothing to lose. Throws what is no damage, such as a file that may not be read.
 */
export function quarantineIfCorrupt(path: string, nativeBinding: string | undefined, now: Date) {
  if (!existsSync(path) || isAsChecked(path)) return undefined;
  if (!mapStorageErrors(() => isDamaged(path, nativeBinding))) return undefined;
  const aside = `${path}.damaged-${now.toISOString().replaceAll(":", "-")}`;
  for (const suffix of ["-wal", "-shm", outputSuffix, ""]) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  return aside;
}

/**
 * Checks a store that was closed and will not be written any more: the next start has nothing to check, unless its file is another
 * one by then. Where it is damaged, or that cannot be kept, the next start checks it.
 */
export function checkClosed(path: string, nativeBinding: string | undefined): void {
  try {
    if (!isDamaged(path, nativeBinding)) writeFileAtomically(path + checkedSuffix, versionOf(path));
  } catch {
    // A full disk, or a file that is not there: the next start looks.
  }
}

const checkedSuffix = "-checked";

function isAsChecked(path: string): boolean {
  // A daemon that was killed leaves a write-ahead log.
  if (existsSync(`${path}-wal`)) return false;
  try {
    return readFileSync(path + checkedSuffix, "utf8") === versionOf(path);
  } catch {
    return false;
  }
}

/** Whoever writes to a file cannot set the time of its last change. */
function versionOf(path: string): string {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  return [dev, ino, size, mtimeNs, ctimeNs].join(" ");
}

function isDamaged(path: string, nativeBinding: string | undefined): boolean {
  const native = nativeBinding === undefined ? {} : { nativeBinding };
  try {
    const sql = new Sqlite(path, native);
    try {
      // Only a check reads every page: a count succeeds on a damaged file. The search's own check is left out, which
      // takes seconds; its tables are read as any others. Of a large file those are read that are needed to start.
      const large = statSync(path).size > checkedWholeBytes;
      return sql
        .prepare<[], string>(
          "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL %'",
        )
        .pluck()
        .all()
        .filter((table) => !large || neededToStart.has(table))
        .some((table) => sql.pragma(`quick_check(${table})`, { simple: true }) !== "ok");
    } finally {
      sql.close();
    }
  } catch (failure) {
    if (failure instanceof Sqlite.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(failure.code)) return true;
    throw failure;
  }
}
