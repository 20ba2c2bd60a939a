import { parseJump } from "../../protocol/destination.ts";
import type { NewHost } from "../../protocol/host.ts";
import { parseSshCommand } from "./ssh-command.ts";

/** The address of a host as the user gave it; fields that were not given are absent. */
export type HostAddress = Pick<NewHost, "address" | "port" | "user"> &
  Partial<Pick<NewHost, "identityFile" | "jump">>;

/** `user@address:port` in OpenSSH's ProxyJump syntax, without parts that are unknown or have their default. */
export function hostAddress(host: Pick<HostAddress, "address" | "port" | "user">): string {
  return destination({ ...host, port: host.port === 22 ? undefined : host.port });
}

/** The same, with the port if one is given. */
export function destination({ address, port, user }: Pick<HostAddress, "address" | "port" | "user">): string {
  const bracketed = address.includes(":") && port !== undefined ? `[${address}]` : address;
  return `${user === null ? "" : `${user}@`}${bracketed}${port === undefined ? "" : `:${port}`}`;
}

/**
 * Parses what a user may enter as an address: `[user@]address[:port]`, also after `ssh://`, or a whole ssh command
 * line. Undefined when it is none of these.
 */
export function parseHostAddress(text: string): HostAddress | undefined {
  const command = parseSshCommand(text);
  if (command !== undefined) return command;
  const parts = parseJump(text.trim());
  return parts === undefined
    ? undefined
    : { address: parts.host, user: parts.user ?? null, port: parts.port };
}
