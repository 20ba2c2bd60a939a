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
import type { HostFields, HostStore, StoredHost } from "./host-store.ts";
import { unknownHost } from "./resolution.ts";
import { SshConfigFile } from "./ssh-config-file.ts";
import { expandPath, type SshConfigHost } from "./ssh-config-values.ts";

export interface HostDirectoryParts {
  readonly store: HostStore;
  readonly settings: () => Settings;
  readonly clock: Clock;
  readonly files: UserFiles;
  readonly home: string;
  /** The name of the user who runs the daemon. */
  readonly localUser: string;
  readonly onSaved: (host: StoredHost) => void;
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
    const { hosts, problems } = await this.#allConfigured();
    const stored = await this.#parts.store.list();
    const names = new Set(stored.map(({ name }) => name));
    const all: Host[] = [...stored];
    const slice = new TimeSlice(this.#parts.clock);
    for (const host of hosts) {
      if (!names.has(host.name)) all.push(this.#unsaved(host));
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

  /** By id or name. `host_unknown` when there is none. */
  async get(idOrName: string): Promise<Host> {
    const stored = this.#find(idOrName);
    if (stored !== undefined) return stored;
    const configured = await this.configured(idOrName);
    if (configured === undefined) throw unknownHost(idOrName);
    return this.#unsaved(configured);
  }

  /** A saved host, by its id or its name. */
  stored(host: string | number): StoredHost | undefined {
    return typeof host === "number" ? this.#parts.store.byId(host) : this.#parts.store.byName(host);
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

  /** A change to a host of the SSH config is an error: its file is the place for that. */
  async update(idOrName: string, patch: HostPatch): Promise<Host> {
    const host = this.#find(idOrName) ?? (await this.#notSaved(idOrName));
    const saved = this.#parts.store.update(host.id, defined(patch), this.#parts.clock.now());
    this.#parts.onSaved(saved);
    return saved;
  }

  async delete(idOrName: string): Promise<void> {
    const host = this.#find(idOrName) ?? (await this.#notSaved(idOrName));
    this.#parts.store.delete(host.id);
    this.#parts.onDeleted(host);
  }

  /**
   * Saves the hosts of an SSH config file. `not_found` when there is no such file, `invalid_request` when it cannot be
   * read.
   */
  async import({ path = "~/.ssh/config", dryRun }: ImportRequest): Promise<ImportResult> {
    const config = await this.#configAt(path).load();
    if (config === undefined || config.aliases.size === 0) {
      throw new Problem(
        "not_found",
        `${visibleLine(path)} names no host, or is not there. Give the path of an SSH config file.`,
      );
    }
    const result: ImportResult = { imported: [], skipped: [], dryRun };
    const slice = new TimeSlice(this.#parts.clock);
    for (const alias of config.aliases.keys()) {
      const host = config.host(alias);
      const reason = this.#reasonAgainst(alias, host);
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

  #reasonAgainst(alias: string, host: SshConfigHost | undefined): string | undefined {
    if (this.#parts.store.byName(alias) !== undefined) return "there is a host of this name already";
    if (host?.unsupported !== undefined) return `it needs ${host.unsupported}, which Hostrun does not do yet`;
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

  /** Why a host that is not saved cannot be changed. */
  async #notSaved(idOrName: string): Promise<never> {
    if (HostName.safeParse(idOrName).success && (await this.configured(idOrName)) !== undefined) {
      throw new Problem(
        "conflict",
        `${idOrName} stands only in ~/.ssh/config. Change it there, or import it first.`,
      );
    }
    throw unknownHost(idOrName);
  }

  #configAt(path: string): SshConfigFile {
    return new SshConfigFile(expandPath(path, this.#parts.home), this.#parts);
  }

  /** A config that cannot be read must not keep the saved hosts from being listed. */
  async #allConfigured(): Promise<{ hosts: readonly SshConfigHost[]; problems: ProblemDetails[] }> {
    try {
      const config = await this.#config.load();
      return { hosts: (await config?.hosts()) ?? [], problems: [] };
    } catch (failure) {
      if (!(failure instanceof Problem)) throw failure;
      return { hosts: [], problems: [failure.toJSON()] };
    }
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
      group: null,
      tags: [],
      color: null,
      production: false,
      loginShell: false,
      hostKeyPolicy: null,
      source: "ssh_config",
      createdAt: null,
      updatedAt: null,
    };
  }
}

function defined(patch: HostPatch): Partial<HostFields> {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
}
