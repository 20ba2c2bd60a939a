import { join } from "node:path";
import { type Database, openDatabase } from "../../daemon/store/database.ts";
import type { Log } from "../../daemon/core/log.ts";

const migrations = join(import.meta.dirname, "../../migrations");

/** The database at a path as the daemon opens it, created if it is not there. */
export function openTestDatabase(path: string, log?: Log): Database {
  return openDatabase({ path, migrations, nativeBinding: undefined, ...(log === undefined ? {} : { log }) });
}
