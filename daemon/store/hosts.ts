import Sqlite from "better-sqlite3";
import { Problem } from "../../protocol/problem.ts";
import type { Clock } from "../core/clock.ts";
import { TimeSlice } from "../core/time-slice.ts";
import type { HostFields, HostStore, StoredHost } from "../hosts/host-store.ts";
import type { Database } from "./database.ts";
import { fromRow, type HostRow, idOfDamaged, toRow } from "./host-row.ts";
import { mapStorageErrors } from "./storage-errors.ts";
import { writtenRow } from "./written-row.ts";

/** Hosts in SQLite, cached once read: nothing else writes here, and reading thousands takes a while. */
export function createHostStore({ sql, damage }: Database, clock: Clock): HostStore {
  const ids = sql.prepare<[], number>("SELECT id FROM hosts ORDER BY name COLLATE NOCASE").pluck();
  const idOf = sql.prepare<[string], number>("SELECT id FROM hosts WHERE name = ?").pluck();
  const rowOf = sql.prepare<[number], HostRow>("SELECT * FROM hosts WHERE id = ?");
  const remove = sql.prepare<[number]>("DELETE FROM hosts WHERE id = ?");
  const known = new Map<number, StoredHost>();
  const keep = (row: HostRow | undefined): StoredHost | undefined => {
    const host = row === undefined ? undefined : fromRow(row, damage);
    if (host !== undefined) known.set(host.id, host);
    return host;
  };
  const byId = (id: number): StoredHost | undefined => known.get(id) ?? keep(rowOf.get(id));
  let insert: Statement | undefined;
  const save = (statement: Statement, values: Change["values"]): StoredHost => {
    const host = keep(writeRow(statement, values));
    if (host !== undefined) return host;
    throw new Problem("host_unknown", "The host was deleted in the meantime.");
  };
  return {
    async list() {
      const hosts: StoredHost[] = [];
      const slice = new TimeSlice(clock);
      for (const id of ids.all()) {
        const host = byId(id);
        if (host !== undefined) hosts.push(host);
        if (slice.spent) await slice.next();
      }
      return hosts;
    },
    byId,
    byName: (name) => {
      const id = idOf.get(name) ?? idOfDamaged(name);
      const host = id === undefined ? undefined : byId(id);
      return host?.name === name ? host : undefined;
    },
    insert: (fields, at) => {
      const { text, values } = inserting(fields, at);
      // The same statement for all hosts, since an import may insert thousands.
      insert ??= sql.prepare(text);
      return save(insert, values);
    },
    update: (id, fields, at) => {
      const { text, values } = updating(id, fields, at);
      return save(sql.prepare(text), values);
    },
    delete: (id) => {
      mapStorageErrors(() => remove.run(id));
      known.delete(id);
    },
  };
}

type Statement = Sqlite.Statement<[object], HostRow>;

interface Change {
  readonly text: string;
  readonly values: Readonly<Record<string, string | number | null>>;
}

function inserting(fields: HostFields, at: string): Change {
  // All columns for every host, so that one statement inserts them all.
  const row = { imported: null, ...toRow(fields) };
  const columns = Object.keys(row);
  const text = `INSERT INTO hosts (${columns.join(", ")}, created_at, updated_at)
    VALUES (${columns.map((column) => `@${column}`).join(", ")}, @at, @at) RETURNING *`;
  return { text, values: { ...row, at } };
}

/** Leaves other columns unchanged. */
function updating(id: number, fields: Partial<HostFields>, at: string): Change {
  const row = toRow(fields);
  const set = Object.keys(row).map((column) => `${column} = @${column}, `);
  return {
    text: `UPDATE hosts SET ${set.join("")}updated_at = @at WHERE id = @id RETURNING *`,
    values: { ...row, id, at },
  };
}

function writeRow(statement: Statement, values: Change["values"]): HostRow | undefined {
  try {
    return mapStorageErrors(() => writtenRow(statement, values));
  } catch (failure) {
    if (failure instanceof Sqlite.SqliteError && failure.code === "SQLITE_CONSTRAINT_UNIQUE") {
      const detail = `There is a host named ${values["name"]} already. Choose another name.`;
      throw new Problem("conflict", detail, { cause: failure });
    }
    throw failure;
  }
}
