import { isDeepStrictEqual } from "node:util";
import { type Host, type NewHost, NewHostName, SavedHost } from "../../protocol/host.ts";
import {
  type HostChange,
  type ImportRequest,
  type ImportResult,
  nameOfRow,
} from "../../protocol/host-import.ts";
import { invalidRequest } from "../../protocol/invalid-request.ts";
import { jumpLoop, jumpLoopMessage } from "../../protocol/jump-loop.ts";
import { Problem } from "../../protocol/problem.ts";
import { visibleLine } from "../../protocol/visible.ts";
import { homePath } from "./home-path.ts";
import type { HostFields, StoredHost } from "./host-store.ts";
import type { EffectiveHost } from "./openssh/effective-host.ts";
import type { EffectiveHosts } from "./openssh/effective-hosts.ts";
import type { UnplacedHost } from "./placed-host.ts";

export interface ImportParts {
  readonly configured: (path: string | null) => EffectiveHosts;
  readonly home: string;
  /** The saved host with a name. */
  readonly saved: (name: string) => StoredHost | undefined;
  readonly unsaved: (host: EffectiveHost) => UnplacedHost;
  /** The port of a host without one of its own. */
  readonly defaultPort: () => number;
  /** Adds its position in the user's own SSH config. */
  readonly placed: (host: UnplacedHost) => Host;
  readonly insert: (fields: HostFields) => StoredHost;
  readonly update: (id: number, fields: Partial<HostFields>) => StoredHost;
}

/** A host of the source: its fields as a new host, and those that are compared with a saved host. */
interface Candidate {
  readonly fields: HostFields;
  readonly compared: Partial<HostFields>;
}

/** How many names are looked up at once; see SshProgram for the number of processes. */
const atOnce = 8;

/** Imports the hosts in a request, or the names of an SSH configuration with their present effective values. */
export async function importHosts(request: ImportRequest, parts: ImportParts): Promise<ImportResult> {
  const taking = new Import(request, parts);
  const { hosts, path, names } = request;
  if (hosts === undefined) await takeConfigured(taking, { path, names }, parts);
  else takeGiven(taking, { hosts, names }, parts);
  return taking.result;
}

class Import {
  readonly result: ImportResult;
  readonly #request: ImportRequest;
  readonly #parts: ImportParts;

  constructor(request: ImportRequest, parts: ImportParts) {
    this.#request = request;
    this.#parts = parts;
    this.result = { imported: [], updated: [], same: [], skipped: [], dryRun: request.dryRun };
  }

  /** Why it is skipped without being looked up; undefined: it is not skipped. */
  reasonAgainst(name: string, isKnown: boolean): string | undefined {
    if (!isKnown) return "the file does not name it";
    const isTaken = this.#parts.saved(name) !== undefined;
    if (!isTaken) return reasonAgainstName(name);
    return this.#request.update ? undefined : "a host with this name already exists";
  }

  skip(name: string, reason: string): void {
    this.result.skipped.push({ name, reason });
  }

  take({ fields, compared }: Candidate): void {
    const { dryRun } = this.#request;
    const { placed, insert, update } = this.#parts;
    const loop = jumpLoop(fields.name, fields.jump, (name) => this.#parts.saved(name)?.jump);
    if (loop !== undefined) return this.skip(fields.name, `its jump hosts ${jumpLoopMessage(loop)}`);
    const saved = this.#parts.saved(fields.name);
    if (saved === undefined) {
      this.result.imported.push(placed(dryRun ? asNew(fields) : insert(fields)));
      return;
    }
    const changes = changesOf(saved, compared);
    if (changes.length === 0) this.result.same.push(fields.name);
    else {
      const host = placed(dryRun ? { ...saved, ...compared } : update(saved.id, compared));
      this.result.updated.push({ host, changes });
    }
  }
}

function reasonAgainstName(name: string): string | undefined {
  const why = NewHostName.safeParse(name).error?.issues[0]?.message;
  return why === undefined ? undefined : `its name ${why}`;
}

function takeGiven(
  taking: Import,
  { hosts, names }: { readonly hosts: readonly unknown[]; readonly names: readonly string[] | undefined },
  { defaultPort }: ImportParts,
): void {
  const missing = new Set(names);
  const seen = new Set<string>();
  for (const [index, row] of hosts.entries()) {
    const name = nameOf(row, index);
    if (names !== undefined && !missing.has(name) && !seen.has(name)) continue;
    const host = seen.has(name)
      ? "it is there more than once, and the first one counts"
      : hostOf(row, () => taking.reasonAgainst(name, true));
    seen.add(name);
    missing.delete(name);
    if (typeof host === "string") taking.skip(name, host);
    else {
      const compared = { ...host, port: host.port ?? defaultPort() };
      taking.take({ fields: { ...compared, source: "manual" }, compared });
    }
  }
  for (const name of missing) taking.skip(name, taking.reasonAgainst(name, false) ?? "");
}

/** The host, or why it is not imported. */
function hostOf(row: unknown, reasonAgainst: () => string | undefined): NewHost | string {
  if (typeof row !== "object" || row === null || Array.isArray(row)) return "it must be an object";
  const parsed = SavedHost.safeParse(row);
  return parsed.success ? (reasonAgainst() ?? parsed.data) : invalidRequest(parsed.error).message;
}

/** Also works for a row that is not a host. */
function nameOf(row: unknown, index: number): string {
  const name = nameOfRow(row);
  return name === undefined ? `host ${index + 1}` : visibleLine(name);
}

async function takeConfigured(
  taking: Import,
  { path, names }: Pick<ImportRequest, "path" | "names">,
  parts: ImportParts,
): Promise<void> {
  const file = path === undefined ? null : homePath(path, parts.home);
  const configured = parts.configured(file);
  const { aliases, unusable } = await configured.config();
  if (aliases.size === 0) {
    throw new Problem(
      "not_found",
      `No hosts found in ${visibleLine(path ?? "~/.ssh/config")}. Give the path of an SSH config file.`,
    );
  }
  if (names === undefined) {
    for (const { name } of unusable) taking.skip(name, reasonAgainstName(name) ?? "");
  }
  const wanted = [...new Set(names ?? aliases.keys())];
  for (let at = 0; at < wanted.length; at += atOnce) {
    const some = wanted.slice(at, at + atOnce).map(async (name) => {
      const found = taking.reasonAgainst(name, aliases.has(name)) ?? (await valuesOf(name, configured));
      return { name, found };
    });
    for (const { name, found } of await Promise.all(some)) {
      if (typeof found === "string") taking.skip(name, found);
      else taking.take(candidateOf(found, file, parts));
    }
  }
}

function candidateOf(host: EffectiveHost, path: string | null, parts: ImportParts): Candidate {
  const { name, identityFiles, identitiesOnly } = host;
  const imported = { name, path, identityFiles: [...identityFiles], identitiesOnly };
  const { id: _id, createdAt: _created, updatedAt: _updated, ...fields } = parts.unsaved(host);
  const { address, port, user, identityFile, jump } = fields;
  const isImported = parts.saved(name)?.imported !== undefined;
  const compared = { address, port, user, identityFile, jump, ...(isImported ? { imported } : {}) };
  return { fields: { ...fields, imported }, compared };
}

/** The values, or why there are none. */
async function valuesOf(name: string, configured: EffectiveHosts): Promise<EffectiveHost | string> {
  try {
    return await configured.of({ name });
  } catch (failure) {
    if (failure instanceof Problem) return failure.message;
    throw failure;
  }
}

/** What `create` would return, without the id. */
function asNew(fields: HostFields): UnplacedHost {
  return { ...fields, id: null, createdAt: null, updatedAt: null };
}

function changesOf(saved: StoredHost, { imported, ...plain }: Partial<HostFields>): HostChange[] {
  const before = { ...saved, ...keysOf(saved.imported) };
  const after = { ...plain, ...keysOf(imported) };
  return changedFields(before, after);
}

/** The keys from an import other than the first one. */
function keysOf(imported: StoredHost["imported"]): object {
  if (imported === undefined) return {};
  const { identityFiles, identitiesOnly } = imported;
  return { identityFiles, identitiesOnly };
}

function changedFields(before: object, after: object): HostChange[] {
  const old = new Map<string, unknown>(Object.entries(before));
  return Object.entries(after).flatMap(([field, to]: [string, HostChange["to"]]) => {
    const from = old.get(field);
    return isDeepStrictEqual(from, to) ? [] : [{ field, from: valueOf(from), to }];
  });
}

function valueOf(value: unknown): HostChange["from"] {
  if (Array.isArray(value)) return value.map(String);
  const isPlain = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return isPlain ? value : null;
}
