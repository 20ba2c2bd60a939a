import * as z from "zod";
import { HostName, Port } from "./host.ts";

/** One entry of the daemon's own known_hosts file, or of one that is only read. */
export const KnownHost = z
  .object({
    /** Stable for the same line of a file, whatever its line number. */
    id: z.string(),
    /** Patterns, lists of names and hashed names are as in the file; the port is 22 for them. */
    address: z.string(),
    port: z.int(),
    keyType: z.string(),
    fingerprint: z.string(),
    /** The marker on the line; null: it is a plain host key. */
    marker: z.enum(["revoked", "certAuthority"]).nullable(),
    file: z.string(),
    /** Counts from 1. */
    line: z.int(),
    /** Whether Hostrun never changes the file. */
    readOnly: z.boolean(),
  })
  .meta({ id: "KnownHost" });
export type KnownHost = z.infer<typeof KnownHost>;

const plainName = /^[\p{L}\p{M}\p{N}._-]+$/u;
const ipv6Address = /^(?=.*:.*:)[0-9a-f:]+[0-9.]*(?:%[\w.-]+)?$/i;

/**
 * A name or an address that matches only itself in known_hosts, where patterns, lists, hashed names, markers, comments
 * and ports are written with characters that ssh's own rule for host names allows (sshd(8)).
 */
export const PlainAddress = HostName.refine(
  (address) => plainName.test(address) || ipv6Address.test(address),
  "must be a plain host name or address, no pattern and no port",
);

/** A host key that a person has verified: the members of `host_key_unknown`, sent back. */
export const NewKnownHost = z.strictObject({
  address: PlainAddress,
  port: Port.default(22),
  /** The public key in base64, as in known_hosts. */
  key: z
    .string()
    .max(16_384)
    .regex(/^[A-Za-z0-9+/]+={0,2}$/, "must be base64"),
});
export type NewKnownHost = z.infer<typeof NewKnownHost>;
