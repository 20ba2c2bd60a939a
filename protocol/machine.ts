import { parseJump } from "./destination.ts";
import type { Host } from "./host.ts";

/**
 * Does not include 127.0.0.2 and the like: what is forwarded to, or listens on, only one of those is another machine.
 */
const local = /^(?:localhost|::1?|0\.0\.0\.0)$/;

/**
 * An address in canonical form: an IPv4-mapped IPv6 address becomes IPv4, and the names for the local machine become
 * one.
 */
function normalAddress(address: string): string {
  const spelled = oneSpelling(address.toLowerCase().replace(/\.$/, ""));
  const [, high, low] = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(spelled) ?? [];
  if (high === undefined || low === undefined) return local.test(spelled) ? "127.0.0.1" : spelled;
  const mapped = Number.parseInt(high, 16) * 0x1_0000 + Number.parseInt(low, 16);
  return normalAddress(String(mapped));
}

/** A URL's host has a canonical form, also for 127.1 and 2130706433, which inet_aton(3) accepts. */
function oneSpelling(name: string): string {
  const isIpv6 = name.includes(":");
  if (!isIpv6 && !/^\d[\da-fx.]*$/.test(name)) return name;
  const url = URL.parse(`http://${isIpv6 ? `[${name}]` : name}`);
  return url?.hostname.replace(/^\[(.*)\]$/, "$1") ?? name;
}

/** The address of a host, and the jump hosts that lead to it. */
export type Machine = Pick<Host, "address" | "port"> & { readonly jump: readonly string[] };

/**
 * Finds, among these hosts, one that is the same machine as another, whatever its user: with the same address and
 * port, reached by the same jump hosts. Two networks may use the same addresses behind their bastions; a host without
 * a bastion may be in either of them, and so matches both.
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
  return `${normalAddress(address)} ${port}`;
}

function isOneWay(way: readonly string[], other: readonly string[]): boolean {
  return way.length === 0 || other.length === 0 || bastions(way) === bastions(other);
}

function bastions(way: readonly string[]): string {
  return way.map((hop) => normalAddress(parseJump(hop)?.host ?? hop)).join(" ");
}
