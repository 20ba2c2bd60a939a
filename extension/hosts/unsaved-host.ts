import type { Host } from "../../protocol/host.ts";
import { blankHost } from "./blank-host.ts";
import { destination, hostAddress, parseHostAddress, type HostAddress } from "./host-address.ts";

/**
 * The host of a run on `name`: a known one, or `[user@]host[:port]` that was never saved. Undefined if there is no
 * such host (any more).
 */
export function hostOfRun(hosts: readonly Host[], name: string): Host | undefined {
  return hosts.find((host) => host.name === name) ?? unsavedHost(hosts, name);
}

/**
 * The host that an address names, as typed or pasted: a known host at exactly this address, or an unsaved one that the
 * daemon accepts: with a user or a port, and the properties of a known host of that name. It is a production host if a
 * known one with that name or address is. Undefined if it cannot be run on without being saved.
 */
export function unsavedHost(hosts: readonly Host[], text: string): Host | undefined {
  const parts = parseHostAddress(text);
  // The daemon accepts a name, but no key or jump hosts.
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
