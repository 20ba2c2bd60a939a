import { isIP } from "node:net";
import {
  destinationFault,
  parseJump,
  withoutParameters,
  withoutPassword,
} from "../../protocol/destination.ts";
import { HostName, type HostWorker, type NewHost } from "../../protocol/host.ts";
import { isOtherDestination } from "../../protocol/host-name.ts";
import { Problem } from "../../protocol/problem.ts";
import type { Settings } from "../../protocol/settings.ts";
import { visibleLine } from "../../protocol/visible.ts";
import { withLegacy } from "../transport/algorithms.ts";
import type { HopSettings } from "../transport/hop-settings.ts";
import type { Hop } from "../transport/remote.ts";
import { homePath } from "./home-path.ts";
import { type HostOverlay, noOverlay } from "./host-overlay.ts";
import type { StoredHost } from "./host-store.ts";
import type { SshConfig } from "./openssh/config-names.ts";
import { type EffectiveHost, type HostQuery, plainHost } from "./openssh/effective-host.ts";
import type { EffectiveHosts } from "./openssh/effective-hosts.ts";

export interface HostLookupParts {
  readonly stored: (host: string | number) => StoredHost | undefined;
  /** The overlay of a host in the user's own configuration. */
  readonly overlay: (name: string) => HostOverlay | undefined;
  /** The user's own configuration, or the file from which a host was imported. */
  readonly configured: (path: string | null) => EffectiveHosts;
  readonly settings: () => Settings;
  readonly home: string;
  /** The name of the user who runs the daemon. */
  readonly localUser: string;
  /** Whether a name resolves to an address on this machine. */
  readonly isResolvable: (name: string) => Promise<boolean>;
  /** Called with the problem of a configuration that is ignored for a saved host. */
  readonly onIgnored: (problem: Problem) => void;
}

/** One host, before its jump hosts are looked up. */
export interface FoundHost {
  /** Undefined: not saved. */
  readonly stored: StoredHost | undefined;
  readonly hop: Hop;
  /** Each `[user@]host[:port]` or an ssh URI, in the order in which they are dialled. */
  readonly jump: readonly string[];
  readonly loginShell: boolean;
  readonly worker: HostWorker;
  readonly effective: EffectiveHost;
}

/** The fields that decide which part of the SSH config applies to a saved host. */
type Inheriting = Pick<StoredHost, "name" | "address" | "user" | "imported"> & Pick<NewHost, "port">;

/** Resolves hosts: saved ones first, then any destination that ssh accepts. */
export class HostLookup {
  readonly #parts: HostLookupParts;

  constructor(parts: HostLookupParts) {
    this.#parts = parts;
  }

  /** By id (a number) or name, or a destination that is not saved, e.g. `user@host:port`. Throws `host_unknown`. */
  async find(given: string | number): Promise<FoundHost> {
    if (typeof given === "number") {
      const known = this.#parts.stored(given);
      if (known === undefined) throw unknownHost(given);
      return this.#ofStored(known);
    }
    const host = withoutParameters(given);
    // Such names were once allowed for saved hosts; they now mean another host.
    const stored = isOtherDestination(host) ? undefined : this.#parts.stored(host);
    if (stored !== undefined) return this.#ofStored(stored);
    const configured = this.#parts.configured(null);
    const config = await configured.config();
    const isAlias = isConfigName(host) && config.aliases.has(host);
    if (isAlias) return this.#ofConfigured(host, { name: host }, config);
    const parts = parseJump(host);
    if (parts === undefined) throw noDestination(host);
    const found = await this.#destination(host, parts, config);
    const isBare = parts.user === undefined && parts.port === undefined;
    if (isBare && found.stored === undefined && !(await this.#isKnown(parts.host, found))) {
      throw unknownHost(host);
    }
    return found;
  }

  /** A jump host, for which ssh accepts any name. */
  async hop(text: string): Promise<FoundHost> {
    const parts = parseJump(text);
    return this.#destination(text, parts ?? { host: text });
  }

  /** The port of a host that is to be saved without one. */
  async portOf({ name, address, user }: Pick<NewHost, "name" | "address" | "user">): Promise<number> {
    const { port } = await this.#inherited({ name, address, user, port: undefined, imported: undefined });
    return port ?? this.#parts.settings().defaultPort;
  }

  async #destination(
    name: string,
    { host, user, port }: { host: string; user?: string; port?: number },
    config?: SshConfig,
  ): Promise<FoundHost> {
    const stored = this.#parts.stored(host);
    if (stored === undefined) return this.#ofConfigured(name, { name: host, user, port }, config);
    const given = { ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port }) };
    const found = await this.#ofStored({ ...stored, ...given });
    return { ...found, hop: { ...found.hop, name } };
  }

  async #ofConfigured(name: string, query: HostQuery, config?: SshConfig): Promise<FoundHost> {
    const effective = await this.#parts.configured(null).of(query, config);
    const { loginShell, worker, ...set } = this.#parts.overlay(query.name) ?? noOverlay;
    const found = this.#hopOf(name, effective);
    const hop = { ...found, settings: { ...found.settings, ...connectingBy(set, effective) } };
    return { stored: undefined, hop, jump: effective.jump, loginShell, worker, effective };
  }

  async #ofStored(host: StoredHost): Promise<FoundHost> {
    refuseDamaged(host);
    const effective = await this.#inherited(host);
    const { imported } = host;
    const inherited = this.#hopOf(host.name, effective);
    const way = host.jump.length === 0 ? {} : { proxyCommand: null };
    const settings = { ...inherited.settings, ...way, ...connectingBy(host, effective) };
    const hop: Hop = {
      ...inherited,
      port: host.port,
      identityFiles: identityFilesOf(host, effective, this.#parts.home),
      identitiesOnly: effective.identitiesOnly || imported?.identitiesOnly === true,
      hostKeyPolicy: host.hostKeyPolicy ?? inherited.hostKeyPolicy,
      settings,
    };
    const jump = host.jump.length === 0 ? effective.jump : host.jump;
    const { loginShell, worker } = host;
    return { stored: host, hop, jump, loginShell, worker, effective };
  }

  /**
   * The effective values of a saved host: by the name that it was imported by or has in the configuration, otherwise by
   * its address.
   */
  async #inherited(host: Inheriting): Promise<EffectiveHost> {
    const { imported, address, port } = host;
    const given = { address, port, user: host.user ?? undefined };
    const configured = this.#parts.configured(imported?.path ?? null);
    try {
      const config = await configured.config();
      const name = [imported?.name ?? host.name, host.name].find((each) => config.aliases.has(each));
      // An address may itself be a name in the configuration, which then applies.
      const query = name === undefined ? { ...given, name: address, address: undefined } : { ...given, name };
      return await configured.of(query, config);
    } catch (failure) {
      if (!(failure instanceof Problem)) throw failure;
      this.#parts.onIgnored(failure);
      return plainHost({ ...given, name: host.name });
    }
  }

  #hopOf(name: string, effective: EffectiveHost): Hop {
    const { defaultPort, defaultUser, hostKeyPolicy } = this.#parts.settings();
    const { address, port, user, identityFiles, identitiesOnly, settings } = effective;
    return {
      name,
      address,
      port: port ?? defaultPort,
      user: user ?? defaultUser ?? this.#parts.localUser,
      identityFiles,
      identitiesOnly,
      hostKeyPolicy: effective.hostKeyPolicy ?? hostKeyPolicy,
      settings,
    };
  }

  /** Whether a bare name exists, since a typo should not be looked up on the network. */
  async #isKnown(name: string, { jump, hop }: FoundHost): Promise<boolean> {
    if (isIP(name) !== 0 || jump.length > 0 || hop.settings.proxyCommand !== null) return true;
    if (await this.#parts.configured(null).mentions(name)) return true;
    // A number is more likely an id than an integer address, which resolvers also accept.
    return !/^\d+$/.test(name) && this.#parts.isResolvable(name);
  }
}

/** ssh reads `host:port` as a name, and splits the other forms. */
function isConfigName(name: string): boolean {
  return HostName.safeParse(name).success && !/@|^ssh:\/\//.test(name);
}

/** Settings that no SSH configuration has. */
function connectingBy(
  { transport, legacyAlgorithms }: Pick<HostOverlay, "transport" | "legacyAlgorithms">,
  { settings: { algorithms } }: EffectiveHost,
): Pick<HopSettings, "transport" | "algorithms"> {
  return { transport, algorithms: legacyAlgorithms ? withLegacy(algorithms) : algorithms };
}

function unknownHost(host: string | number): Problem {
  if (typeof host === "number") {
    return new Problem(
      "host_unknown",
      `No host has the id ${host}. It may have been removed: \`hostrun hosts\` lists them.`,
    );
  }
  return new Problem(
    "host_unknown",
    `No host named ${visibleLine(host)}, saved or in ~/.ssh/config, and it does not resolve to an address. Add it, or give a user: user@host.`,
  );
}

function noDestination(text: string): Problem {
  const fault = destinationFault(text) ?? "must be [user@]host[:port]";
  const message = `${visibleLine(withoutPassword(text))} ${fault}.`;
  return new Problem("invalid_request", message, { issues: [{ path: "host", message: fault }] });
}

/** For a host that can be reached at most, and so cannot be changed or removed. */
export function notSavedHost(name: string): Problem {
  const shown = visibleLine(name);
  return new Problem(
    "host_unknown",
    `No host named ${shown}, saved or in ~/.ssh/config, so there is nothing to change. Add it first.`,
  );
}

/** All keys from the import, as long as the first of them is still the one set. */
function identityFilesOf(host: StoredHost, effective: EffectiveHost, home: string): readonly string[] {
  const { identityFile, imported } = host;
  if (identityFile === null) return effective.identityFiles;
  const [first] = imported?.identityFiles ?? [];
  const files = first === identityFile ? (imported?.identityFiles ?? []) : [identityFile];
  return files.map((file) => homePath(file, home));
}

/** Without these it is unknown where the host is, or whom to trust there. */
const needed = ["name", "address", "port", "user", "identityFile", "jump", "hostKeyPolicy"];

function refuseDamaged(host: StoredHost): void {
  const lost = host.damaged?.filter((name) => needed.includes(name)) ?? [];
  if (lost.length > 0) {
    throw new Problem(
      "conflict",
      `The stored settings of ${host.name} are damaged: ${lost.join(", ")}. Set them again (\`hostrun hosts edit ${host.name}\`), or remove the host.`,
      { host: host.name },
    );
  }
}
