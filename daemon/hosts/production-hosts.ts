import { parseJump } from "../../protocol/destination.ts";
import type { Host } from "../../protocol/host.ts";
import { isOtherDestination, isTargetSyntax } from "../../protocol/host-name.ts";
import { type Machine, machineFinder } from "../../protocol/machine.ts";
import type { Settings } from "../../protocol/settings.ts";
import type { HostLookup } from "./host-lookup.ts";
import { type HostOverlayStore, noOverlay } from "./host-overlay.ts";
import type { HostStore } from "./host-store.ts";
import { type EffectiveHost, type HostQuery, plainHost } from "./openssh/effective-host.ts";
import type { EffectiveHosts } from "./openssh/effective-hosts.ts";

export interface ProductionHostsParts {
  readonly store: Pick<HostStore, "list" | "byId" | "byName">;
  readonly overlays: Pick<HostOverlayStore, "get">;
  readonly lookup: Pick<HostLookup, "find">;
  /** The hosts of ~/.ssh/config. */
  readonly configured: Pick<EffectiveHosts, "config" | "of" | "kept">;
  readonly settings: () => Settings;
}

export type HostMark = Pick<Host, "name" | "group" | "tags" | "production">;

/**
 * Determines the production hosts: those that are marked, and every other one that is the same machine as a marked one.
 */
export class ProductionHosts {
  readonly #parts: ProductionHostsParts;

  constructor(parts: ProductionHostsParts) {
    this.#parts = parts;
  }

  /** By id, name or destination. False for an unknown host. */
  async isProduction(host: string | number): Promise<boolean> {
    if (this.#isMarked(host)) return true;
    const marked = await this.#markedMachines();
    if (marked.length === 0) return false;
    // If the host cannot be resolved, a run on it reports why.
    const found = await this.#parts.lookup.find(host).catch(() => undefined);
    if (found === undefined) return false;
    const { address, port } = found.hop;
    return machineFinder(marked)({ address, port, jump: found.jump }) !== undefined;
  }

  /**
   * The properties by which targets match hosts. `production` is also set for a host that is the same machine as a
   * marked one, as far as that is known without running ssh. An unreadable config has no hosts. A host whose name is
   * target syntax is left out, since as a target that name means other hosts.
   */
  async marks(): Promise<HostMark[]> {
    const { store, overlays, configured } = this.#parts;
    const stored: (HostMark & Machine)[] = await store.list();
    const names = await this.#configuredNames(stored);
    const aliases = names.map((name) => ({
      name,
      ...(overlays.get(name) ?? noOverlay),
      ...this.#machineOf(configured.kept(name) ?? plainHost({ name })),
    }));
    const all = [...stored, ...aliases];
    const productionAt = machineFinder(all.filter(({ production }) => production));
    return all
      .filter(({ name }) => !isTargetSyntax(name))
      .map((host) => ({ ...host, production: productionAt(host) !== undefined }));
  }

  #isMarked(host: string | number): boolean {
    const { store, overlays } = this.#parts;
    if (typeof host === "number") return store.byId(host)?.production === true;
    const name = parseJump(host)?.host ?? host;
    const named = isOtherDestination(host) ? undefined : store.byName(host);
    const known = named ?? store.byName(name) ?? overlays.get(host) ?? overlays.get(name);
    return known?.production === true;
  }

  async #markedMachines(): Promise<Machine[]> {
    const { store, overlays } = this.#parts;
    const stored = await store.list();
    const marked = stored.filter(({ production }) => production);
    const names = new Set(await this.#configuredNames(stored));
    const queries: HostQuery[] = [...names]
      .filter((name) => overlays.get(name)?.production === true)
      .map((name) => ({ name }));
    for (const { address, port } of marked) {
      // The address may itself be a name in the SSH config.
      if (names.has(address)) queries.push({ name: address, port });
    }
    return [...marked, ...(await Promise.all(queries.map((query) => this.#asked(query))))];
  }

  /** The names of the SSH config that no saved host has. */
  async #configuredNames(stored: readonly { readonly name: string }[]): Promise<readonly string[]> {
    const config = await this.#parts.configured.config().catch(() => undefined);
    if (config === undefined) return [];
    const saved = new Set(stored.map(({ name }) => name));
    return [...config.aliases.keys()].filter((name) => !saved.has(name));
  }

  async #asked(query: HostQuery): Promise<Machine> {
    return this.#machineOf(await this.#parts.configured.of(query).catch(() => plainHost(query)));
  }

  #machineOf({ address, port, jump }: EffectiveHost): Machine {
    return { address, port: port ?? this.#parts.settings().defaultPort, jump };
  }
}
