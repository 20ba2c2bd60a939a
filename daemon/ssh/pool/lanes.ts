import { identityOf, type LoginTarget } from "../auth/credentials.ts";
import type { Lane, Link } from "./link.ts";

/** The lanes that have connections, or requests that wait for one. */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();

  of(target: LoginTarget): Lane {
    const key = laneKey(target);
    const lane = this.#lanes.get(key) ?? {
      key,
      links: new Set(),
      waiting: new Set(),
      sessionLimit: Infinity,
    };
    this.#lanes.set(key, lane);
    return lane;
  }

  /** Forgets a lane that has become empty. */
  sweep(lane: Lane): void {
    if (lane.links.size === 0 && lane.waiting.size === 0) this.#lanes.delete(lane.key);
  }

  links(): Link[] {
    return [...this.#lanes.values()].flatMap((lane) => [...lane.links]);
  }

  /** Those with requests that wait, in the order of their first. */
  waiting(): Lane[] {
    const firstOf = (lane: Lane): number => [...lane.waiting][0]?.wish.order ?? 0;
    const lanes = [...this.#lanes.values()].filter((lane) => lane.waiting.size > 0);
    return lanes.sort((a, b) => firstOf(a) - firstOf(b));
  }
}

/**
 * Connections may be shared where this is the same: where, by which way, and who would be logged in. No two targets share
 * it whatever their names hold.
 */
export function laneKey(target: LoginTarget): string {
  const hops = [...target.jump, target].map((hop) => [
    hop.user,
    hop.address,
    hop.port,
    identityOf(hop.credentials),
    // A login that fails is told by these.
    hop.identityFiles,
    hop.identitiesOnly,
    // A key that one host's policy took without asking must not let another in that would have asked.
    hop.hostKeyPolicy,
  ]);
  return JSON.stringify(hops);
}
