import { isDeepStrictEqual } from "node:util";
import type { Host, HostPatch } from "../../protocol/host.ts";

/** What Hostrun stores for a host that exists only in the SSH config, which has no options for these. */
export type HostOverlay = Pick<
  Host,
  | "group"
  | "tags"
  | "color"
  | "production"
  | "favorite"
  | "loginShell"
  | "transport"
  | "worker"
  | "legacyAlgorithms"
>;

/** What the use cases need of the overlay store. */
export interface HostOverlayStore {
  /** By the alias in the SSH config. `damaged` names members that could not be read and have defaults. */
  get(name: string): (HostOverlay & Pick<Host, "damaged">) | undefined;
  set(name: string, overlay: HostOverlay): void;
  delete(name: string): void;
}

export const noOverlay: HostOverlay = {
  group: null,
  tags: [],
  color: null,
  production: false,
  favorite: false,
  loginShell: false,
  transport: "auto",
  worker: "auto",
  legacyAlgorithms: false,
};

/** The overlay fields of a host. */
export function overlayOf(host: HostOverlay): HostOverlay {
  const { group, tags, color, production, favorite, loginShell, transport, worker, legacyAlgorithms } = host;
  return { group, tags, color, production, favorite, loginShell, transport, worker, legacyAlgorithms };
}

/** The overlay fields of a patch, and the names of its other fields. */
export function splitPatch(patch: HostPatch): { overlay: Partial<HostOverlay>; others: string[] } {
  const given = Object.entries(patch).filter(([, value]) => value !== undefined);
  return {
    overlay: Object.fromEntries(given.filter(([name]) => name in noOverlay)),
    others: given.map(([name]) => name).filter((name) => !(name in noOverlay)),
  };
}

/** Whether the overlay has only defaults. */
export function isEmpty(overlay: HostOverlay): boolean {
  return isDeepStrictEqual(overlayOf(overlay), noOverlay);
}
