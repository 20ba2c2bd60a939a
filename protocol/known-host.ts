import * as z from "zod";
import { HostName, Port } from "./host.ts";

/** One entry of the daemon's own known_hosts. */
export const KnownHost = z
  .object({
    /** Stable for the same address and key. */
    id: z.string(),
    address: z.string(),
    port: z.int(),
    keyType: z.string(),
    fingerprint: z.string(),
  })
  .meta({ id: "KnownHost" });
export type KnownHost = z.infer<typeof KnownHost>;

/** A host key that a person has checked: the members of `host_key_unknown`, handed back. */
export const NewKnownHost = z.strictObject({
  address: HostName,
  port: Port.default(22),
  /** The public key in base64, as in known_hosts. */
  key: z
    .string()
    .max(16_384)
    .regex(/^[A-Za-z0-9+/]+={0,2}$/, "must be base64"),
});
export type NewKnownHost = z.infer<typeof NewKnownHost>;
