import Sqlite from "better-sqlite3";
import * as z from "zod";
import { Host } from "../../protocol/host.ts";
import { Problem } from "../../protocol/problem.ts";
import { parseJson } from "../core/json.ts";
import type { HostFields, HostStore, StoredHost } from "../hosts/host-store.ts";
import type { Database } from "./database.ts";

interface HostRow {
  id: number;
  name: string;
  address: string;
  port: number;
  user: string | null;
  identity_file: string | null;
  jump: string;
  group_path: string | null;
  tags: string;
  color: string | null;
  production: number;
  login_shell: number;
  host_key_policy: string | null;
  source: string;
  created_at: string;
  updated_at: string;
}

const Stored = Host.extend({ id: z.int(), createdAt: z.string(), updatedAt: z.string() });

function fromRow(row: HostRow): StoredHost {
  return Stored.parse({
    id: row.id,
    name: row.name,
    address: row.address,
    port: row.port,
    user: row.user,
    identityFile: row.identity_file,
    jump: parseJson(row.jump),
    group: row.group_path,
    tags: parseJson(row.tags),
    color: row.color,
    production: row.production === 1,
    loginShell: row.login_shell === 1,
    hostKeyPolicy: row.host_key_policy,
    source: row.source,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  });
}

function toRow(host: HostFields): Omit<HostRow, "id" | "created_at" | "updated_at"> {
  return {
    name: host.name,
    address: host.address,
    port: host.port,
    user: host.user,
    identity_file: host.identityFile,
    jump: JSON.stringify(host.jump),
    group_path: host.group,
    tags: JSON.stringify(host.tags),
    color: host.color,
    production: host.production ? 1 : 0,
    login_shell: host.loginShell ? 1 : 0,
    host_key_policy: host.hostKeyPolicy,
    source: host.source,
  };
}

const columns = `name, address, port, user, identity_file, jump, group_path, tags, color, production,
  login_shell, host_key_policy, source`;

/** Hosts in SQLite. */
export function createHostStore({ sql }: Database): HostStore {
  const all = sql.prepare<[], HostRow>("SELECT * FROM hosts ORDER BY name COLLATE NOCASE");
  const byId = sql.prepare<[number], HostRow>("SELECT * FROM hosts WHERE id = ?");
  const byName = sql.prepare<[string], HostRow>("SELECT * FROM hosts WHERE name = ?");
  const insert = sql.prepare<[object], HostRow>(
    `INSERT INTO hosts (${columns}, created_at, updated_at)
     VALUES (@name, @address, @port, @user, @identity_file, @jump, @group_path, @tags, @color, @production,
       @login_shell, @host_key_policy, @source, @at, @at) RETURNING *`,
  );
  const update = sql.prepare<[object], HostRow>(
    `UPDATE hosts SET (${columns}, updated_at) =
       (@name, @address, @port, @user, @identity_file, @jump, @group_path, @tags, @color, @production,
       @login_shell, @host_key_policy, @source, @at) WHERE id = @id RETURNING *`,
  );
  const remove = sql.prepare<[number]>("DELETE FROM hosts WHERE id = ?");
  const save = (statement: typeof insert, values: object, name: string): StoredHost => {
    try {
      const row = statement.get(values);
      if (row === undefined) throw new Problem("host_unknown", `The host ${name} was deleted meanwhile.`);
      return fromRow(row);
    } catch (failure) {
      if (failure instanceof Sqlite.SqliteError && failure.code === "SQLITE_CONSTRAINT_UNIQUE") {
        throw new Problem("conflict", `There is a host named ${name} already. Choose another name.`, {
          cause: failure,
        });
      }
      throw failure;
    }
  };
  const found = (row: HostRow | undefined): StoredHost | undefined =>
    row === undefined ? undefined : fromRow(row);
  return {
    list: () => all.all().map(fromRow),
    byId: (id) => found(byId.get(id)),
    byName: (name) => found(byName.get(name)),
    insert: (fields, at) => save(insert, { ...toRow(fields), at }, fields.name),
    update: (host, at) => save(update, { ...toRow(host), id: host.id, at }, host.name),
    delete: (id) => {
      remove.run(id);
    },
  };
}
