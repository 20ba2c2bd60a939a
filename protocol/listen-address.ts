import * as z from "zod";

/** Where the daemon listens besides its socket. */
export interface ListenAddress {
  /** Without brackets. */
  readonly address: "127.0.0.1" | "::1";
  /** 0: any free port. */
  readonly port: number;
}

const forms = [
  { prefix: "127.0.0.1:", address: "127.0.0.1" },
  { prefix: "[::1]:", address: "::1" },
] as const;

/** Returns undefined for anything but a loopback address with a port. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  for (const { prefix, address } of forms) {
    const port = text.slice(prefix.length);
    if (text.startsWith(prefix) && /^(?:0|[1-9]\d{0,4})$/.test(port) && Number(port) <= 65_535)
      return { address, port: Number(port) };
  }
  return undefined;
}

export const ListenText = z
  .string()
  .refine(
    (text) => parseListenAddress(text) !== undefined,
    "must be 127.0.0.1:PORT or [::1]:PORT; for others put a proxy with TLS before it",
  );
