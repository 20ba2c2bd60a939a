import {
  type Host,
  type HostPatch,
  HostName,
  type ImportRequest,
  type ImportResult,
  type NewHost,
} from "../../protocol/host.ts";
import { Problem } from "../../protocol/problem.ts";
import type { Settings } from "../../protocol/settings.ts";
import { visibleLine } from "../../protocol/visible.ts";
import type { Clock } from "../core/clock.ts";
import type { HostFields, HostStore, StoredHost } from "./host-store.ts";
import { unknownHost } from "./resolution.ts";
import { expandPath, parseSshConfig, type SshConfig, type SshConfigHost } from "./ssh-config.ts";
import { readSshConfig } from "./ssh-config-file.ts";

export interface HostDirectoryParts {
  readonly store: HostStore;
  readonly settings: () => Settings;
  readonly clock: Clock;
  readonly home: string;
  readonly onSaved: (host: StoredHost) => void;
  readonly onDeleted: (host: StoredHost) => void;
}

/** The person's hosts: those saved, and those that stand only in `~/.ssh/config`. */
export class HostDirectory {
  readonly #parts: HostDirectoryParts;
  #parsed: { text: string; config: SshConfig };

  constructor(parts: HostDirectoryParts) {
    this.#parts = parts;
    this.#parsed = { text: "", config: parseSshConfig("", parts.home) };
  }

  /** Saved hosts first, each by name; `q` searches name, address, group and tags. */
  list(q?: string): Host[] {
    const stored = this.#parts.store.list();
    const names = new Set(stored.map(({ name }) => name));
    const config = this.#config();
    const configured = config.aliases
      .filter((alias) => !names.has(alias))
      .flatMap((alias) => config.host(alias) ?? [])
      .map((host) => this.#unsaved(host));
    const all = [...stored, ...configured];
    const wanted = q?.toLowerCase();
    if (wanted === undefined) return all;
    return all.filter(({ name, address, group, tags }) =>
      [name, address, group ?? "", ...tags].some((text) => text.toLowerCase().includes(wanted)),
    );
  }

  /** By id or name. `host_unknown` when there is none. */
  get(idOrName: string): Host {
    const stored = this.#find(idOrName);
    if (stored !== undefined) return stored;
    const configured = this.configured(idOrName);
    if (configured === undefined) throw unknownHost(idOrName);
    return this.#unsaved(configured);
  }

  /** A saved host, by its id or its name. */
  stored(host: string | number): StoredHost | undefined {
    return typeof host === "number" ? this.#parts.store.byId(host) : this.#parts.store.byName(host);
  }

  /** A host that `~/.ssh/config` names. */
  configured(alias: string): SshConfigHost | undefined {
    const config = this.#config();
    return config.aliases.includes(alias) ? config.host(alias) : undefined;
  }

  create(host: NewHost): Host {
    const port = host.port ?? this.#parts.settings().defaultPort;
    return this.#insert({ ...host, port, source: "manual" });
  }

  /** A change to a host of the SSH config is an error: its file is the place for that. */
  update(idOrName: string, patch: HostPatch): Host {
    const host = this.#saved(idOrName);
    const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
    const saved = this.#parts.store.update({ ...host, ...given }, this.#parts.clock.now());
    this.#parts.onSaved(saved);
    return saved;
  }

  delete(idOrName: string): void {
    const host = this.#saved(idOrName);
    this.#parts.store.delete(host.id);
    this.#parts.onDeleted(host);
  }

  /** Saves the hosts of an SSH config file. `not_found` when there is no such file. */
  import({ path = "~/.ssh/config", dryRun }: ImportRequest): ImportResult {
    const { home } = this.#parts;
    const config = parseSshConfig(readSshConfig(expandPath(path, home), home) ?? "", home);
    if (config.aliases.length === 0) {
      throw new Problem(
        "not_found",
        `${visibleLine(path)} names no host, or is not there. Give the path of an SSH config file.`,
      );
    }
    const result: ImportResult = { imported: [], skipped: [], dryRun };
    for (const alias of config.aliases) {
      const host = config.host(alias);
      const reason = this.#reasonAgainst(alias, host);
      if (host === undefined || reason !== undefined) {
        result.skipped.push({ name: alias, reason: reason ?? "its settings are not valid" });
      } else {
        const unsaved = this.#unsaved(host);
        result.imported.push(dryRun ? unsaved : this.#insert(unsaved));
      }
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

  #saved(idOrName: string): StoredHost {
    const host = this.#find(idOrName);
    if (host !== undefined) return host;
    if (HostName.safeParse(idOrName).success && this.configured(idOrName) !== undefined) {
      throw new Problem(
        "conflict",
        `${idOrName} stands only in ~/.ssh/config. Change it there, or import it first.`,
      );
    }
    throw unknownHost(idOrName);
  }

  /** Read at each use, since people edit it in the editor next to us; parsed only when it changed. */
  #config(): SshConfig {
    const { home } = this.#parts;
    const text = readSshConfig(expandPath("~/.ssh/config", home), home) ?? "";
    if (this.#parsed.text !== text) this.#parsed = { text, config: parseSshConfig(text, home) };
    return this.#parsed.config;
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
