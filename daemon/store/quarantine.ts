import { existsSync, readFileSync, renameSync, statSync } from "node:fs";
import Sqlite from "better-sqlite3";
import { writeFileAtomically } from "../../state-directory/atomic-file.ts";
import { outputSuffix } from "./database.ts";
import { mapStorageErrors } from "./storage-errors.ts";

/** Larger files are not read in full: 64 MiB take about 50 ms. */
const checkedWholeBytes = 64 * 1024 * 1024;
const neededToStart = new Set(["migrations", "meta", "hosts", "runs"]);

/**
 * Moves a damaged store, with its write-ahead log and output, to `<path>.damaged-<time>`, so that a new one can be
 * created. The same applies to what is left where the database is missing or empty: SQLite would delete its log, and new
 * runs would get the folders of old ones. Returns the new path; undefined if the store is intact or there never was one.
 * Throws errors other than damage, such as a lack of permission.
 */
export function quarantineIfCorrupt(path: string, nativeBinding: string | undefined, now: Date) {
  if (isMissingOrEmpty(path)) {
    // The folder is created once the database has its tables.
    if (!existsSync(path + outputSuffix)) return undefined;
  } else if (isAsChecked(path) || !mapStorageErrors(() => isDamaged(path, nativeBinding))) return undefined;
  const aside = `${path}.damaged-${now.toISOString().replaceAll(":", "-")}`;
  for (const suffix of ["-wal", "-shm", outputSuffix, ""]) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  return existsSync(aside) ? aside : aside + outputSuffix;
}

export function isMissingOrEmpty(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0;
}

/**
 * Checks a store that was closed and will not be written any more, so that the next start has nothing to check unless
 * the file has changed. If it is damaged, or the result cannot be saved, the next start checks it.
 */
export function checkClosed(path: string, nativeBinding: string | undefined): void {
  try {
    if (!isDamaged(path, nativeBinding)) writeFileAtomically(path + checkedSuffix, versionOf(path));
  } catch {
    // A full disk, or no such file: the next start checks.
  }
}

const checkedSuffix = "-checked";

function isAsChecked(path: string): boolean {
  // A killed daemon leaves a write-ahead log.
  if (existsSync(`${path}-wal`)) return false;
  try {
    return readFileSync(path + checkedSuffix, "utf8") === versionOf(path);
  } catch {
    return false;
  }
}

/** Writing to a file sets its ctime, which programs cannot set back. */
function versionOf(path: string): string {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  return [dev, ino, size, mtimeNs, ctimeNs].join(" ");
}

function isDamaged(path: string, nativeBinding: string | undefined): boolean {
  const native = nativeBinding === undefined ? {} : { nativeBinding };
  try {
    const sql = new Sqlite(path, native);
    try {
      // Only a check reads every page: a count succeeds on a damaged file. The search index's own check is left out,
      // since it takes seconds; its tables are checked like any others. In a large file, only the tables needed at
      // start are checked.
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
