import * as z from "zod";
import { Host } from "../../protocol/host.ts";
import type { HostFields, StoredHost } from "../hosts/host-store.ts";
import { type DamageReport, readStored, storedJson } from "./stored-row.ts";

/** What Hostrun keeps of any host, saved or not. */
export interface OverlayColumns {
  name: string;
  group_path: string | null;
  tags: string;
  color: string | null;
  production: number;
  favorite: number;
  login_shell: number;
  transport: string;
  worker: string;
  legacy_algorithms: number;
}

export interface HostRow extends OverlayColumns {
  id: number;
  address: string;
  port: number;
  user: string | null;
  identity_file: string | null;
  jump: string;
  host_key_policy: string | null;
  source: string;
  imported: string | null;
  created_at: string;
  updated_at: string;
}

const instant = z.iso.datetime();
const Stored = Host.omit({ damaged: true }).extend({ id: z.int(), createdAt: instant, updatedAt: instant });

/** What stands for members that cannot be read: nothing that could be another machine, or be trusted too much. */
function fallbacks(id: number): Partial<StoredHost> {
  const never = new Date(0).toISOString();
  return {
    name: nameOfDamaged(id),
    address: "damaged.invalid",
    port: 22,
    user: null,
    identityFile: null,
    jump: [],
    group: null,
    tags: [],
    color: null,
    hostKeyPolicy: "strict",
    transport: "auto",
    worker: "off",
    legacyAlgorithms: false,
    source: "manual",
    imported: undefined,
    createdAt: never,
    updatedAt: never,
  };
}

function nameOfDamaged(id: number): string {
  return `damaged-host-${id}`;
}

/** Of a host whose name cannot be read, by the one that it is shown by. */
export function idOfDamaged(name: string): number | undefined {
  const [, id] = /^damaged-host-(\d{1,15})$/.exec(name) ?? [];
  return id === undefined ? undefined : Number(id);
}

/** As they stand there, to be read by a schema. */
export function overlayValues(row: OverlayColumns) {
  return {
    group: row.group_path,
    tags: storedJson(row.tags),
    color: row.color,
    // What is none of both marks the host: a mark too many costs a question, one too few a server.
    production: row.production !== 0,
    favorite: row.favorite === 1,
    loginShell: row.login_shell === 1,
    transport: row.transport,
    worker: row.worker,
    legacyAlgorithms: row.legacy_algorithms === 1,
  };
}

/** Undefined for a row that is damaged beyond being shown; both that and lesser damage are told. */
export function fromRow(row: HostRow, damage: DamageReport): StoredHost | undefined {
  const values = {
    ...overlayValues(row),
    id: row.id,
    name: row.name,
    address: row.address,
    port: row.port,
    user: row.user,
    identityFile: row.identity_file,
    jump: storedJson(row.jump),
    hostKeyPolicy: row.host_key_policy,
    source: row.source,
    imported: row.imported === null ? undefined : storedJson(row.imported),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
  const read = readStored(Stored, values, fallbacks(row.id));
  if (read === undefined) damage.tell("hosts", row.id);
  if (read === undefined || read.damaged.length === 0) return read?.value;
  damage.tell("hosts", row.id, read.damaged);
  return { ...read.value, damaged: [...read.damaged] };
}

/** The columns of the fields that are given. */
export function toRow(host: Partial<HostFields>): Record<string, string | number | null> {
  const flag = (value: boolean | undefined) => (value === undefined ? undefined : Number(value));
  const json = (value: readonly string[] | undefined) => value && JSON.stringify(value);
  const row = {
    name: host.name,
    address: host.address,
    port: host.port,
    user: host.user,
    identity_file: host.identityFile,
    jump: json(host.jump),
    group_path: host.group,
    tags: json(host.tags),
    color: host.color,
    production: flag(host.production),
    favorite: flag(host.favorite),
    login_shell: flag(host.loginShell),
    host_key_policy: host.hostKeyPolicy,
    transport: host.transport,
    worker: host.worker,
    legacy_algorithms: flag(host.legacyAlgorithms),
    source: host.source,
    imported: host.imported && JSON.stringify(host.imported),
  };
  return Object.fromEntries(
    Object.entries(row).flatMap(([column, value]) => (value === undefined ? [] : [[column, value]])),
  );
}
