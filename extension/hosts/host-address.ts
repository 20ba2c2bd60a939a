import { parseJump, type Host, type NewHost } from "../../protocol/host.ts";

/** `user@address:port` as OpenSSH's ProxyJump takes it; the parts that are not known or usual are left out. */
export function hostAddress(host: Pick<Host, "address" | "port" | "user">): string {
  const address = host.address.includes(":") && host.port !== 22 ? `[${host.address}]` : host.address;
  const user = host.user === null ? "" : `${host.user}@`;
  return host.port === 22 ? `${user}${address}` : `${user}${address}:${host.port}`;
}

/**
 * What a person types or pastes for an address: `[user@]address[:port]`, also with `ssh` or `ssh://` before it.
 * undefined when it is none of these.
 */
export function parseHostAddress(text: string): Pick<NewHost, "address" | "port" | "user"> | undefined {
  const bare = text
    .trim()
    .replace(/^ssh(?::\/\/|\s+)/, "")
    .replace(/\/$/, "");
  if (/^[0-9a-f:]*::?[0-9a-f:]*$/i.test(bare) && bare.split(":").length > 2) {
    return { address: bare, user: null, port: undefined };
  }
  const parts = parseJump(bare);
  return parts === undefined
    ? undefined
    : { address: parts.host, user: parts.user ?? null, port: parts.port };
}
