import * as z from "zod";
import { Destination } from "./host.ts";
import { PromptPolicy } from "./prompt.ts";
import { AgentSocket } from "./run.ts";
import { KeyType } from "./settings.ts";

/**
 * A key pair of the user: a file in ~/.ssh, a key that the SSH agent holds, or both. Never contains its private part.
 */
export const Key = z
  .object({
    /** Stable for the same key. */
    id: z.string(),
    /** As in a public key file, e.g. "ssh-ed25519". */
    type: z.string(),
    /** null where the type has no single size. */
    bits: z.int().nullable(),
    fingerprint: z.string(),
    comment: z.string().nullable(),
    /** The path of the private key, or of the public one if there is no other; null: it is only in the agent. */
    path: z.string().nullable(),
    inAgent: z.boolean(),
    /** Whether its file needs a passphrase; null without a private key in a file. */
    encrypted: z.boolean().nullable(),
    /** One line as in authorized_keys. */
    publicKey: z.string(),
  })
  .meta({ id: "Key" });
export type Key = z.infer<typeof Key>;

const line = (max: number) =>
  z
    .string()
    .max(max)
    .refine((text) => !/[\p{Cc}\p{Cs}]/u.test(text), "must be one line without control characters");

export const NewKey = z.strictObject({
  /** Default: the setting `defaultKeyType`. */
  type: KeyType.optional(),
  /** A file in ~/.ssh that does not exist yet; default id_ed25519, id_rsa or id_ecdsa. */
  name: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/, "must be a plain file name")
    .refine((name) => !name.endsWith(".pub"), "must not end in .pub")
    .optional(),
  /** Encrypts the file; none by default. It is not stored. */
  passphrase: line(1000).default(""),
  /** Default: user@machine. */
  comment: line(200).optional(),
});
export type NewKey = z.infer<typeof NewKey>;

export const KeyInstallRequest = z.strictObject({
  host: Destination,
  /** The caller's SSH_AUTH_SOCK. */
  agentSocket: AgentSocket.nullable().default(null),
  /** Whether a person can answer prompts; otherwise a login that needs one fails at once. */
  prompts: PromptPolicy.default("fail"),
});
export type KeyInstallRequest = z.infer<typeof KeyInstallRequest>;

export const KeyInstallation = z.object({
  host: z.string(),
  /** The login that accepts the key, `user@address:port`. */
  login: z.string(),
  fingerprint: z.string(),
  /** false: it was already there. */
  added: z.boolean(),
});
export type KeyInstallation = z.infer<typeof KeyInstallation>;
