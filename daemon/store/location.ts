import { createHash } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { hostname } from "node:os";
import type { Database } from "./database.ts";
import { mapStorageErrors } from "./storage-errors.ts";

/** Identifies the machine and directory of a store without revealing them (machine-id(5)). */
export function locationOf(stateDirectory: string): string {
  return createHash("sha256")
    .update(`hostrun\0${machine()}\0${realpathSync(stateDirectory)}`)
    .digest("hex")
    .slice(0, 32);
}

function machine(): string {
  for (const path of ["/etc/machine-id", "/var/lib/dbus/machine-id"]) {
    try {
      const id = readFileSync(path, "utf8").trim();
      if (id !== "") return id;
    } catch {
      // Not every system has the file.
    }
  }
  return hostname();
}

/**
 * Records where the store is. Returns whether it was at another location before: then it may be a copy of one still in
 * use, which owns its durable runs. A store without a recorded location is assumed to be the original.
 */
export function recordLocation({ sql }: Database, location: string): boolean {
  return mapStorageErrors(() =>
    sql.transaction(() => {
      const known = sql.prepare<[], string>("SELECT value FROM meta WHERE name = 'place'").pluck().get();
      if (known === location) return false;
      sql.prepare("INSERT OR REPLACE INTO meta (name, value) VALUES ('place', ?)").run(location);
      if (known === undefined) return false;
      for (const table of ["durable_runs", "deleted_durable_runs"])
        sql.exec(
          `UPDATE ${table} SET plan = json_set(plan, '$.isOwn', json('false')) WHERE json_valid(plan)`,
        );
      return true;
    })(),
  );
}
