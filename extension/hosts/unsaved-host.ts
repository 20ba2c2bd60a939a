import type { Host } from "../../protocol/host.ts";
import { blankHost } from "./blank-host.ts";
import { destination, hostAddress, parseHostAddress, type HostAddress } from "./host-address.ts";

/**
 * The host that a run on `name` goes to: a known one, or `[user@]host[:port]` that nobody saved. undefined: there is no
 * such host, e.g. any more.
 */
export function hostOfRun(hosts: readonly Host[], name: string): Host | undefined {
  return hosts.find((host) => host.name === name) ?? unsavedHost(hosts, name);
}

/**
 * The host that an address names, as it was typed or pasted: a known one that is at this very address, or one as the
 * daemon takes it without its being saved: with a user or a port, and what is known of a host of that name. It is a
 * production host where a known one of that name or address is. undefined: it cannot be run on as it stands.
 */
export function unsavedHost(hosts: readonly Host[], text: string): Host | undefined {
  const parts = parseHostAddress(text);
  // The daemon takes a name, and no key or way to it.
  if (parts === undefined || parts.identityFile !== undefined || parts.jump !== undefined) return undefined;
  if (parts.user === null && parts.port === undefined) return undefined;
  const host = withWhatIsKnown(hosts, parts);
  const isThere = (other: Host): boolean => hostAddress(other) === hostAddress(host);
  const known =
    host.jump.length === 0 ? hosts.find((other) => isThere(other) && other.jump.length === 0) : undefined;
  return known ?? host;
}

function withWhatIsKnown(hosts: readonly Host[], parts: HostAddress): Host {
  const base = hosts.find(({ name }) => name === parts.address) ?? { ...blankHost, address: parts.address };
  const sameMachine = hosts.filter(({ address }) => address === base.address);
  return {
    ...base,
    id: null,
    name: destination(parts),
    port: parts.port ?? base.port,
    user: parts.user ?? base.user,
    production: [base, ...sameMachine].some(({ production }) => production),
  };
}
