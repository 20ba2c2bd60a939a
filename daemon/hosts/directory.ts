import { withoutParameters } from "../../protocol/destination.ts";
import { type Host, type HostPatch, HostName, type NewHost } from "../../protocol/host.ts";
import { isOtherDestination } from "../../protocol/host-name.ts";
import type { ImportRequest, ImportResult } from "../../protocol/host-import.ts";
import { Problem, type ProblemDetails } from "../../protocol/problem.ts";
import type { Settings } from "../../protocol/settings.ts";
import type { Clock } from "../core/clock.ts";
import { TimeSlice } from "../core/time-slice.ts";
import { effectiveValues, notHonouredOf } from "./effective-values.ts";
import { importHosts } from "./import-hosts.ts";
import { ambiguousNames, loopingJumpHosts, unusableNames } from "./listed-problems.ts";
import { type FoundHost, type HostLookup, notSavedHost } from "./host-lookup.ts";
import { type HostOverlayStore, isEmpty, noOverlay, overlayOf, splitPatch } from "./host-overlay.ts";
import type { HostFields, HostStore, StoredHost } from "./host-store.ts";
import { requireNoJumpLoop } from "./jump-hosts.ts";
import { requireNewName } from "./new-name.ts";
import type { SshConfig } from "./openssh/config-names.ts";
import { type EffectiveHost, plainHost } from "./openssh/effective-host.ts";
import type { EffectiveHosts } from "./openssh/effective-hosts.ts";
import { placed, type UnplacedHost } from "./placed-host.ts";

export interface HostDirectoryParts {
  readonly store: HostStore;
  readonly overlays: HostOverlayStore;
  readonly lookup: HostLookup;
  /** The hosts of ~/.ssh/config, or of the file at a path. */
  readonly configured: (path: string | null) => EffectiveHosts;
  readonly settings: () => Settings;
  readonly clock: Clock;
  readonly home: string;
  readonly onSaved: (host: Host) => void;
  readonly onDeleted: (host: StoredHost) => void;
}

/** How many hosts of an SSH configuration are resolved for the list; of further ones, only known values are shown. */
const maxListed = 64;

/** The user's hosts: saved ones, and those that exist only in `~/.ssh/config`. */
export class HostDirectory {
  readonly #parts: HostDirectoryParts;
  readonly #configured: EffectiveHosts;

  constructor(parts: HostDirectoryParts) {
    this.#parts = parts;
    this.#configured = parts.configured(null);
  }

  /**
   * Favorites first, then saved hosts, each by name; `q` searches name, address, group and tags. `problems` reports
   * what is missing from the list because it could not be read.
   */
  async list(q?: string): Promise<{ items: Host[]; problems: ProblemDetails[] }> {
    const stored = await this.#parts.store.list();
    const names = new Set(stored.map(({ name }) => name));
    const { config, aliases, problems } = await this.#allConfigured(names);
    const all: Host[] = [];
    const slice = new TimeSlice(this.#parts.clock);
    for (const host of [...stored, ...aliases]) {
      all.push(placed(typeof host === "string" ? this.#listed(host) : host, config));
      if (slice.spent) await slice.next();
    }
    const wanted = q?.toLowerCase();
    const items =
      wanted === undefined
        ? all
        : all.filter(({ name, address, group, tags }) =>
            [name, address, group ?? "", ...tags].some((text) => text.toLowerCase().includes(wanted)),
          );
    return {
      items: items.sort(favoritesFirst),
      problems: [...problems, ...ambiguousNames(all), ...unusableNames(config), ...loopingJumpHosts(all)],
    };
  }

  /**
   * A host by name or id, with its effective values; for a destination that is not saved, e.g. `user@host:port`, what a
   * run would use. Throws `host_unknown`.
   */
  async get(nameOrId: string): Promise<Host> {
    return this.#whole(nameOrId, await this.#reached(nameOrId));
  }

  async #whole(name: string, stored: StoredHost | undefined): Promise<Host> {
    // A saved host is found without the SSH config, even if the config cannot be read.
    const config = await (stored === undefined ? this.#config() : this.#readableConfig());
    if (stored?.damaged !== undefined) return placed(stored, config);
    const found = await this.#parts.lookup.find(stored?.id ?? name);
    const { port, user } = found.hop;
    const own = stored ?? { ...this.#lent(found, withoutParameters(name)), port, user };
    const notHonoured = notHonouredOf(found);
    return { ...placed(own, config), effective: effectiveValues(found), notHonoured };
  }

  /** For a destination that is not saved: what is known of its host. */
  #lent({ stored, effective }: FoundHost, name: string): UnplacedHost {
    if (stored === undefined) return this.#unsaved(effective, name);
    const { imported: _, ...host } = stored;
    return { ...host, id: null, name, createdAt: null, updatedAt: null };
  }

  /** The name or id by which a run should refer to the given host. */
  async reference(nameOrId: string): Promise<string | number> {
    return (await this.#reached(nameOrId))?.id ?? nameOrId;
  }

  /** The name that runs use; for a saved host, even if the way to it cannot be resolved. Throws `host_unknown`. */
  async nameOf(nameOrId: string): Promise<string> {
    const saved = await this.#reached(nameOrId);
    return saved?.name ?? (await this.#parts.lookup.find(nameOrId)).hop.name;
  }

  /** Returns what `get` returns. Without a port, it uses the one that a run on the same destination would use now. */
  async create(host: NewHost): Promise<Host> {
    const port = host.port ?? (await this.#parts.lookup.portOf(host));
    const config = await this.#readableConfig();
    requireNoJumpLoop(host, this.#parts.store);
    const saved = this.#insert({ ...host, port, source: "manual" }, config);
    return this.#whole(saved.name, saved);
  }

  /**
   * For a host of the SSH config, changes only the overlay; throws `conflict` for anything else, which must be changed
   * in the file.
   */
  async update(nameOrId: string, patch: HostPatch): Promise<Host> {
    const config = await this.#readableConfig();
    const host = await this.#find(nameOrId);
    if (host === undefined) return this.#mark(nameOrId, patch);
    if (patch.name !== undefined && patch.name !== host.name) requireNewName(patch.name);
    const { name = host.name, jump = host.jump } = patch;
    // Other fields of an existing host may be changed even if its jump hosts form a loop.
    if (name !== host.name || patch.jump !== undefined) requireNoJumpLoop({ name, jump }, this.#parts.store);
    const saved = this.#update(host.id, defined(patch), config);
    return this.#whole(saved.name, saved);
  }

  async delete(nameOrId: string): Promise<void> {
    const host = (await this.#find(nameOrId)) ?? (await this.#notSaved(nameOrId, "it"));
    this.#parts.store.delete(host.id);
    this.#parts.onDeleted(host);
  }

  /** Saves hosts. Throws `not_found` if an SSH config file has no hosts, `invalid_request` if it cannot be read. */
  async import(request: ImportRequest): Promise<ImportResult> {
    const { store, configured, home } = this.#parts;
    const config = await this.#readableConfig();
    return importHosts(request, {
      configured,
      home,
      saved: (name) => store.byName(name),
      unsaved: (host) => this.#unsaved(host, host.name),
      defaultPort: () => this.#parts.settings().defaultPort,
      placed: (host) => placed(host, config),
      insert: (fields) => this.#insert(fields, config),
      update: (id, fields) => this.#update(id, fields, config),
    });
  }

  #insert(fields: HostFields, config: SshConfig | undefined): StoredHost {
    const saved = this.#parts.store.insert(fields, this.#parts.clock.now());
    this.#parts.onSaved(placed(saved, config));
    return saved;
  }

  #update(id: number, fields: Partial<HostFields>, config: SshConfig | undefined): StoredHost {
    const saved = this.#parts.store.update(id, fields, this.#parts.clock.now());
    this.#parts.onSaved(placed(saved, config));
    return saved;
  }

  /**
   * A name takes precedence over an id, even a name that exists only in the SSH config, so that nobody changes or
   * deletes a host other than the one with that name.
   */
  async #find(nameOrId: string): Promise<StoredHost | undefined> {
    const { store } = this.#parts;
    const named = store.byName(nameOrId);
    if (named !== undefined || !/^\d{1,15}$/.test(nameOrId)) return named;
    const config = await this.#readableConfig();
    return config?.aliases.has(nameOrId) === true ? undefined : store.byId(Number(nameOrId));
  }

  /** Like `#find`, but a name that is another destination returns the host that a run would reach. */
  async #reached(nameOrId: string): Promise<StoredHost | undefined> {
    return isOtherDestination(nameOrId) ? undefined : this.#find(nameOrId);
  }

  /** Sets the overlay of a host that exists only in the SSH config. */
  async #mark(name: string, patch: HostPatch): Promise<Host> {
    const { overlay, others } = splitPatch(patch);
    const host = others.length === 0 ? await this.#unsavedNamed(name) : undefined;
    if (host === undefined) return this.#notSaved(name, `its ${others.join(", ")}`);
    const next = overlayOf({ ...host, ...overlay });
    if (isEmpty(next)) this.#parts.overlays.delete(name);
    else this.#parts.overlays.set(name, next);
    // The damaged members have been set again.
    const { damaged: _, ...marked } = { ...host, ...next };
    this.#parts.onSaved(marked);
    return this.get(name);
  }

  /** Throws why a host that is not saved cannot be changed. */
  async #notSaved(nameOrId: string, what: string): Promise<never> {
    if (HostName.safeParse(nameOrId).success && (await this.#config()).aliases.has(nameOrId)) {
      throw new Problem(
        "conflict",
        `${nameOrId} is only in ~/.ssh/config. Change ${what} there, or import it first.`,
      );
    }
    throw notSavedHost(nameOrId);
  }

  /** Undefined: the SSH config has no such host. */
  async #unsavedNamed(name: string): Promise<Host | undefined> {
    const config = await this.#config();
    if (!config.aliases.has(name)) return undefined;
    return placed(this.#unsaved(await this.#configured.of({ name }), name), config);
  }

  #config(): Promise<SshConfig> {
    return this.#configured.config();
  }

  /** For saved hosts, which do not need the config: undefined if it cannot be read. */
  #readableConfig(): Promise<SshConfig | undefined> {
    return this.#config().catch(() => undefined);
  }

  /** The names that are not saved. An unreadable config must not prevent listing the saved hosts. */
  async #allConfigured(saved: ReadonlySet<string>): Promise<{
    config?: SshConfig | undefined;
    aliases: readonly string[];
    problems: ProblemDetails[];
  }> {
    try {
      const config = await this.#config();
      const aliases = [...config.aliases.keys()].filter((name) => !saved.has(name));
      const isAsked = aliases.length <= maxListed && !config.isVolatile;
      const problems = isAsked ? await this.#askAll(aliases) : [];
      return { config, aliases, problems };
    } catch (failure) {
      if (!(failure instanceof Problem)) throw failure;
      return { aliases: [], problems: [failure.toJSON()] };
    }
  }

  /** Resolves the hosts, so that their values are cached. A problem that applies to several is reported once. */
  async #askAll(names: readonly string[]): Promise<ProblemDetails[]> {
    const problems = new Map<string, ProblemDetails>();
    const asking = names.map(async (name) => {
      try {
        await this.#configured.of({ name });
      } catch (failure) {
        if (!(failure instanceof Problem)) throw failure;
        const { host: _, ...details } = failure.toJSON();
        problems.set(details.detail.replace(name, ""), details);
      }
    });
    await Promise.all(asking);
    return [...problems.values()];
  }

  /** The values known without running ssh. */
  #listed(name: string): UnplacedHost {
    const known = this.#configured.kept(name);
    const host = this.#unsaved(known ?? plainHost({ name }), name);
    return known === undefined ? { ...host, unresolved: true } : host;
  }

  #unsaved(host: EffectiveHost, name: string): UnplacedHost {
    return {
      id: null,
      name,
      address: host.address,
      port: host.port ?? this.#parts.settings().defaultPort,
      user: host.user,
      identityFile: host.identityFiles[0] ?? null,
      jump: [...host.jump],
      hostKeyPolicy: null,
      ...(this.#parts.overlays.get(host.name) ?? noOverlay),
      source: "ssh_config",
      createdAt: null,
      updatedAt: null,
    };
  }
}

function favoritesFirst(a: Host, b: Host): number {
  return Number(b.favorite) - Number(a.favorite);
}

function defined(patch: HostPatch): Partial<HostFields> {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
}
