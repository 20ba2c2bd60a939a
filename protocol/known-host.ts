import * as z from "zod";
import { HostName, Port } from "./host.ts";

/** One entry of the daemon's own known_hosts, or of one that is only read. */
export const KnownHost = z
  .object({
    /** Stable for the same line of a file, wherever it stands there. */
    id: z.string(),
    /** Patterns, several names and a hashed one as the file has them; then the port is 22. */
    address: z.string(),
    port: z.int(),
    keyType: z.string(),
    fingerprint: z.string(),
    /** What the line says of the key; null: it is the host's. */
    marker: z.enum(["revoked", "certAuthority"]).nullable(),
    file: z.string(),
    /** From 1. */
    line: z.int(),
    /** Whether Hostrun leaves the file as it is. */
    readOnly: z.boolean(),
  })
  .meta({ id: "KnownHost" });
export type KnownHost = z.infer<typeof KnownHost>;

const plainName = /^[\p{L}\p{M}\p{N}._-]+$/u;
const ipv6Address = /^(?=.*:.*:)[0-9a-f:]+[0-9.]*(?:%[\w.-]+)?$/i;

/**
 * A name or an address that means itself alone in known_hosts, where patterns, lists, hashed names, markers, comments
 * and ports are written with characters that ssh's own rule for host names lets pass (sshd(8)).
 */
export const PlainAddress = HostName.refine(
  (address) => plainName.test(address) || ipv6Address.test(address),
  "must be a plain host name or address, no pattern and no port",
);

/** A host key that a person has checked: the members of `host_key_unknown`, handed back. */
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
