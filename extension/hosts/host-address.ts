import { parseJump } from "../../protocol/destination.ts";
import type { NewHost } from "../../protocol/host.ts";
import { parseSshCommand } from "./ssh-command.ts";

/** What a person says of where a host is. Of what is not there nothing was said. */
export type HostAddress = Pick<NewHost, "address" | "port" | "user"> &
  Partial<Pick<NewHost, "identityFile" | "jump">>;

/** `user@address:port` as OpenSSH's ProxyJump takes it; the parts that are not known or usual are left out. */
export function hostAddress(host: Pick<HostAddress, "address" | "port" | "user">): string {
  return destination({ ...host, port: host.port === 22 ? undefined : host.port });
}

/** The same, with the port wherever one is given. */
export function destination({ address, port, user }: Pick<HostAddress, "address" | "port" | "user">): string {
  const bracketed = address.includes(":") && port !== undefined ? `[${address}]` : address;
  return `${user === null ? "" : `${user}@`}${bracketed}${port === undefined ? "" : `:${port}`}`;
}

/**
 * What a person types or pastes for an address: `[user@]address[:port]`, also after `ssh://`, or a whole command line of
 * ssh. undefined when it is none of these.
 */
export function parseHostAddress(text: string): HostAddress | undefined {
  const command = parseSshCommand(text);
  if (command !== undefined) return command;
  const parts = parseJump(text.trim());
  return parts === undefined
    ? undefined
    : { address: parts.host, user: parts.user ?? null, port: parts.port };
}
