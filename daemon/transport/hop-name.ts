import { isIP } from "node:net";

/** `user@address:port`. */
export function hopName({ user, address, port }: { user: string; address: string; port: number }): string {
  return `${user}@${placeName({ address, port })}`;
}

/** `address:port`, with an IPv6 address in brackets. */
export function placeName({ address, port }: { address: string; port: number }): string {
  return `${isIP(address) === 6 ? `[${address}]` : address}:${port}`;
}
