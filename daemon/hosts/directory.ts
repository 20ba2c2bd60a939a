import { parseJump } from "../../protocol/destination.ts";
import {
  type Host,
  type HostPatch,
  HostName,
  type ImportRequest,
  type ImportResult,
  type NewHost,
} from "../../protocol/host.ts";
import { Problem, type ProblemDetails } from "../../protocol/problem.ts";
import type { Settings } from "../../protocol/settings.ts";
import { visibleLine } from "../../protocol/visible.ts";
import type { Clock } from "../core/clock.ts";
import { TimeSlice } from "../core/time-slice.ts";
import type { UserFiles } from "../core/user-files.ts";
import { type HostOverlayStore, isEmpty, noOverlay, splitPatch } from "./host-overlay.ts";
import type { HostFields, HostStore, StoredHost } from "./host-store.ts";
import { unknownHost } from "./resolution.ts";
import type { SshConfig } from "./ssh-config.ts";
import { SshConfigFile } from "./ssh-config-file.ts";
import { expandPath, type SshConfigHost } from "./ssh-config-values.ts";

export interface HostDirectoryParts {
  readonly store: HostStore;
  readonly overlays: HostOverlayStore;
  readonly settings: () => Settings;
  readonly clock: Clock;
  readonly files: UserFiles;
  readonly home: string;
  /** The name of the user who runs the daemon. */
  readonly localUser: string;
  readonly onSaved: (host: Host) => void;
  readonly onDeleted: (host: StoredHost) => void;
}

/** The person's hosts: those saved, and those that stand only in `~/.ssh/config`. */
export class HostDirectory {
  readonly #parts: HostDirectoryParts;
  readonly #config: SshConfigFile;

  constructor(parts: HostDirectoryParts) {
    this.#parts = parts;
    this.#config = this.#configAt("~/.ssh/config");
  }

  /**
   * Saved hosts first, each by name; `q` searches name, address, group and tags. `problems` says what is missing in the
   * list because it could not be read.
   */
  async list(q?: string): Promise<{ items: Host[]; problems: ProblemDetails[] }> {
    const { config, hosts, problems } = await this.#allConfigured();
    const stored = await this.#parts.store.list();
    const names = new Set(stored.map(({ name }) => name));
    const unsaved = hosts.filter(({ name }) => !names.has(name));
    const all: Host[] = [];
    const slice = new TimeSlice(this.#parts.clock);
    for (const host of [...stored, ...unsaved]) {
      all.push(placed("id" in host ? host : this.#unsaved(host), config));
      if (slice.spent) await slice.next();
    }
    const wanted = q?.toLowerCase();
    const items =
      wanted === undefined
        ? all
        : all.filter(({ name, address, group, tags }) =>
            [name, address, group ?? "", ...tags].some((text) => text.toLowerCase().includes(wanted)),
          );
    return { items, problems };
  }

  /**
   * By id or name, or what a run on a destination that nobody saved would use, e.g. `user@host:port`. `host_unknown` when
   * there is none.
   */
  async get(idOrName: string): Promise<Host> {
    const stored = this.#find(idOrName);
    // A saved host is found without the SSH config, also where that cannot be read.
    if (stored !== undefined) return placed(stored, await this.#config.load().catch(() => undefined));
    const host = (await this.#unsavedNamed(idOrName)) ?? (await this.#destination(idOrName));
    if (host === undefined) throw unknownHost(idOrName);
    return host;
  }

  /** A saved host, by its id or its name. */
  stored(host: string | number): StoredHost | undefined {
    return typeof host === "number" ? this.#parts.store.byId(host) : this.#parts.store.byName(host);
  }

  /** Of a host that is not known: no. */
  async isProduction(host: string | number): Promise<boolean> {
    try {
      return (this.stored(host) ?? (await this.get(String(host)))).production;
    } catch (failure) {
      if (!(failure instanceof Problem)) throw failure;
      return false;
    }
  }

  /** A host that `~/.ssh/config` names. `invalid_request` when that cannot be read. */
  async configured(alias: string): Promise<SshConfigHost | undefined> {
    const config = await this.#config.load();
    return config?.aliases.has(alias) === true ? config.host(alias) : undefined;
  }

  /** What `~/.ssh/config` says of any name. `invalid_request` when that cannot be read. */
  async matching(name: string): Promise<SshConfigHost | undefined> {
    return (await this.#config.load())?.host(name);
  }

  create(host: NewHost): Host {
    const port = host.port ?? this.#parts.settings().defaultPort;
    return this.#insert({ ...host, port, source: "manual" });
  }

  /** Of a host of the SSH config only the overlay: for the rest its file is the place, and `conflict` says so. */
  async update(idOrName: string, patch: HostPatch): Promise<Host> {
    const host = this.#find(idOrName);
    if (host === undefined) return this.#mark(idOrName, patch);
    const saved = this.#parts.store.update(host.id, defined(patch), this.#parts.clock.now());
    this.#parts.onSaved(saved);
    return saved;
  }

  async delete(idOrName: string): Promise<void> {
    const host = this.#find(idOrName) ?? (await this.#notSaved(idOrName, "it"));
    this.#parts.store.delete(host.id);
    this.#parts.onDeleted(host);
  }

  /**
   * Saves the hosts of an SSH config file. `not_found` when there is no such file, `invalid_request` when it cannot be
   * read.
   */
  async import({ path = "~/.ssh/config", names, dryRun }: ImportRequest): Promise<ImportResult> {
    const config = await this.#configAt(path).load();
    if (config === undefined || config.aliases.size === 0) {
      throw new Problem(
        "not_found",
        `No hosts found in ${visibleLine(path)}. Give the path of an SSH config file.`,
      );
    }
    const result: ImportResult = { imported: [], skipped: [], dryRun };
    const slice = new TimeSlice(this.#parts.clock);
    for (const alias of new Set(names ?? config.aliases.keys())) {
      const host = config.host(alias);
      const reason = this.#reasonAgainst(alias, config);
      if (host === undefined || reason !== undefined) {
        result.skipped.push({ name: alias, reason: reason ?? "its settings are not valid" });
      } else {
        const unsaved = this.#unsaved(host);
        result.imported.push(dryRun ? unsaved : this.#insert(unsaved));
      }
      if (slice.spent) await slice.next();
    }
    return result;
  }

  #reasonAgainst(alias: string, config: SshConfig): string | undefined {
    if (!config.aliases.has(alias)) return "the file does not name it";
    const host = config.host(alias);
    if (this.#parts.store.byName(alias) !== undefined) return "there is a host of this name already";
    if (host?.unsupported !== undefined)
      return `it needs ${host.unsupported}, which Hostrun does not support yet`;
    return undefined;
  }

  #insert(fields: HostFields): StoredHost {
    const saved = this.#parts.store.insert(fields, this.#parts.clock.now());
    this.#parts.onSaved(saved);
    return saved;
  }

  #find(idOrName: string): StoredHost | undefined {
    const byId = /^\d{1,15}$/.test(idOrName) ? this.#parts.store.byId(Number(idOrName)) : undefined;
    return byId ?? this.#parts.store.byName(idOrName);
  }

  /** Sets the overlay of a host that stands only in the SSH config. */
  async #mark(name: string, patch: HostPatch): Promise<Host> {
    const { overlay, others } = splitPatch(patch);
    const host = others.length === 0 ? await this.#unsavedNamed(name) : undefined;
    if (host === undefined) return this.#notSaved(name, `its ${others.join(", ")}`);
    const { group, tags, color, production } = { ...host, ...overlay };
    const next = { group, tags, color, production };
    if (isEmpty(next)) this.#parts.overlays.delete(name);
    else this.#parts.overlays.set(name, next);
    // What was damaged has been set again.
    const { damaged: _, ...marked } = { ...host, ...next };
    this.#parts.onSaved(marked);
    return marked;
  }

  /** Why a host that is not saved cannot be changed. */
  async #notSaved(idOrName: string, what: string): Promise<never> {
    if (HostName.safeParse(idOrName).success && (await this.configured(idOrName)) !== undefined) {
      throw new Problem(
        "conflict",
        `${idOrName} is only in ~/.ssh/config. Change ${what} there, or import it first.`,
      );
    }
    throw unknownHost(idOrName);
  }

  #configAt(path: string): SshConfigFile {
    return new SshConfigFile(expandPath(path, this.#parts.home), this.#parts);
  }

  /** A config that cannot be read must not keep the saved hosts from being listed. */
  async #allConfigured(): Promise<{
    config?: SshConfig | undefined;
    hosts: readonly SshConfigHost[];
    problems: ProblemDetails[];
  }> {
    try {
      const config = await this.#config.load();
      return { config, hosts: (await config?.hosts()) ?? [], problems: [] };
    } catch (failure) {
      if (!(failure instanceof Problem)) throw failure;
      return { hosts: [], problems: [failure.toJSON()] };
    }
  }

  async #unsavedNamed(alias: string): Promise<Host | undefined> {
    const host = await this.configured(alias);
    return host && placed(this.#unsaved(host), await this.#config.load());
  }

  /** What is known of the host, with the user and the port that are given here; undefined where neither is. */
  async #destination(name: string): Promise<Host | undefined> {
    const { host, ...given } = parseJump(name) ?? {};
    if (host === undefined || Object.keys(given).length === 0) return undefined;
    const known = this.stored(host) ?? (await this.#unsavedNamed(host));
    const base = known ?? this.#unsaved((await this.matching(host)) ?? named(host));
    return { ...base, ...given, id: null, name, createdAt: null, updatedAt: null };
  }

  #unsaved(host: SshConfigHost): Host {
    return {
      id: null,
      name: host.name,
      address: host.address,
      port: host.port ?? this.#parts.settings().defaultPort,
      user: host.user ?? null,
      identityFile: host.identityFiles[0] ?? null,
      jump: [...host.jump],
      ...(this.#parts.overlays.get(host.name) ?? noOverlay),
      loginShell: false,
      hostKeyPolicy: null,
      transport: "auto",
      source: "ssh_config",
      createdAt: null,
      updatedAt: null,
    };
  }
}

/** A host of which no more is known. */
function named(name: string): SshConfigHost {
  return {
    name,
    address: name,
    port: undefined,
    user: undefined,
    identityFiles: [],
    identitiesOnly: false,
    jump: [],
    unsupported: undefined,
  };
}

/** With the place where the SSH config names it, if it does. */
function placed(host: Host, config: SshConfig | undefined): Host {
  const alias = config?.aliases.get(host.name);
  return alias === undefined ? host : { ...host, configAt: { file: alias.file, line: alias.line } };
}

function defined(patch: HostPatch): Partial<HostFields> {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
}
