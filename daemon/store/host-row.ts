import * as z from "zod";
import { Host } from "../../protocol/host.ts";
import type { HostFields, StoredHost } from "../hosts/host-store.ts";
import { type DamageReport, readStored, storedJson } from "./stored-row.ts";

/** What Hostrun stores of any host, saved or not. */
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
const Stored = Host.omit({ configAt: true, damaged: true }).extend({
  id: z.int(),
  createdAt: instant,
  updatedAt: instant,
});

/** Values for members that cannot be read: none that could refer to another machine or lead to too much trust. */
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

/** The id of a host whose name cannot be read, from the name that it is shown with. */
export function idOfDamaged(name: string): number | undefined {
  const [, id] = /^damaged-host-(\d{1,15})$/.exec(name) ?? [];
  return id === undefined ? undefined : Number(id);
}

/** The raw values, to be parsed by a schema. */
export function overlayValues(row: OverlayColumns) {
  return {
    group: row.group_path,
    tags: storedJson(row.tags),
    color: row.color,
    // A damaged value marks the host: a mark too many costs a question, one too few a server.
    production: row.production !== 0,
    favorite: row.favorite === 1,
    loginShell: row.login_shell === 1,
    transport: row.transport,
    worker: row.worker,
    legacyAlgorithms: row.legacy_algorithms === 1,
  };
}

/** Undefined for a row too damaged to be shown. All damage is reported. */
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
  if (read === undefined) damage.report("hosts", row.id);
  if (read === undefined || read.damaged.length === 0) return read?.value;
  damage.report("hosts", row.id, read.damaged);
  return { ...read.value, damaged: [...read.damaged] };
}

/** The columns of the given fields. */
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
