import type { Host, HostPatch } from "../../protocol/host.ts";

/** What Hostrun keeps of a host that stands only in the SSH config, which itself has no place for it. */
export type HostOverlay = Pick<Host, "group" | "tags" | "color" | "production">;

/** What the use cases need of the store for overlays. */
export interface HostOverlayStore {
  /** By the alias in the SSH config. `damaged` names members that cannot be read and hold defaults. */
  get(name: string): (HostOverlay & Pick<Host, "damaged">) | undefined;
  set(name: string, overlay: HostOverlay): void;
  delete(name: string): void;
}

export const noOverlay: HostOverlay = { group: null, tags: [], color: null, production: false };

/** The part of a patch that an overlay takes, and the names of the rest. */
export function splitPatch(patch: HostPatch): { overlay: Partial<HostOverlay>; others: string[] } {
  const given = Object.entries(patch).filter(([, value]) => value !== undefined);
  return {
    overlay: Object.fromEntries(given.filter(([name]) => name in noOverlay)),
    others: given.map(([name]) => name).filter((name) => !(name in noOverlay)),
  };
}

/** Whether it says nothing. */
export function isEmpty({ group, tags, color, production }: HostOverlay): boolean {
  return group === null && tags.length === 0 && color === null && !production;
}
