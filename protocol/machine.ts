import { parseJump } from "./destination.ts";
import type { Host } from "./host.ts";

/** 127.0.0.2 and the like are none of them: what is forwarded to, or listens on, one of those alone is elsewhere. */
const local = /^(?:localhost|::1?|0\.0\.0\.0)$/;

/** An address in one spelling, IPv4 also where it is mapped to IPv6; the names that this machine has everywhere are one. */
function normalAddress(address: string): string {
  const spelled = oneSpelling(address.toLowerCase().replace(/\.$/, ""));
  const [, high, low] = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(spelled) ?? [];
  if (high === undefined || low === undefined) return local.test(spelled) ? "127.0.0.1" : spelled;
  const mapped = Number.parseInt(high, 16) * 0x1_0000 + Number.parseInt(low, 16);
  return normalAddress(String(mapped));
}

/** A URL's host is written in one way, also of 127.1 and 2130706433, which inet_aton(3) takes. */
function oneSpelling(name: string): string {
  const isIpv6 = name.includes(":");
  if (!isIpv6 && !/^\d[\da-fx.]*$/.test(name)) return name;
  const url = URL.parse(`http://${isIpv6 ? `[${name}]` : name}`);
  return url?.hostname.replace(/^\[(.*)\]$/, "$1") ?? name;
}

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
  return `${normalAddress(address)} ${port}`;
}

function isOneWay(way: readonly string[], other: readonly string[]): boolean {
  return way.length === 0 || other.length === 0 || bastions(way) === bastions(other);
}

function bastions(way: readonly string[]): string {
  return way.map((hop) => normalAddress(parseJump(hop)?.host ?? hop)).join(" ");
}
