import { parseJump } from "./destination.ts";
import type { Host } from "./host.ts";

/** Where a host is, and by which way. */
export type Machine = Pick<Host, "address" | "port"> & { readonly jump: readonly string[] };

/**
 * Finds, of these hosts, the one that is the same machine as another, whoever logs in there: of the same address and port,
 * by a way that is not another one. Two networks may have the same addresses behind their bastions; a host without a
 * bastion may be reached from here in one as well as in the other, and is the machine of both.
 */
export function machineFinder<Known extends Machine>(
  hosts: Iterable<Known>,
): (host: Machine, fits?: (known: Known) => boolean) => Known | undefined {
  const places = new Map<string, Known[]>();
  for (const host of hosts) {
    const key = placeOf(host);
    const there = places.get(key);
    if (there === undefined) places.set(key, [host]);
    else there.push(host);
  }
  return (host, fits = () => true) =>
    places.get(placeOf(host))?.find((known) => isOneWay(known.jump, host.jump) && fits(known));
}

function placeOf({ address, port }: Machine): string {
  return `${address.toLowerCase()} ${port}`;
}

function isOneWay(way: readonly string[], other: readonly string[]): boolean {
  return way.length === 0 || other.length === 0 || bastions(way) === bastions(other);
}

function bastions(way: readonly string[]): string {
  return way.map((hop) => parseJump(hop)?.host.toLowerCase() ?? hop).join(" ");
}
