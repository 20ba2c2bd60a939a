import * as z from "zod";

export const PromptKind = z.enum([
  "hostKey",
  "password",
  "passphrase",
  "keyboardInteractive",
  "approval",
  "secret",
]);
export type PromptKind = z.infer<typeof PromptKind>;

/** The maximum number of fields that a person is asked for at once. */
export const maxPromptFields = 32;

/** One line of input; it is shown while it is typed only where `echo` is true. */
export const PromptField = z.object({ label: z.string(), echo: z.boolean() });
export type PromptField = z.infer<typeof PromptField>;

/** The host key for a person to verify; `key` is base64, as in known_hosts. */
export const PromptKey = z.object({
  keyType: z.string(),
  fingerprint: z.string(),
  /** The lines of the drawing that `ssh-keygen -lv` prints; empty where there is none. */
  randomart: z.string(),
  key: z.string(),
  /** Other names under which this key is on record. */
  knownAs: z.array(z.string()),
});
export type PromptKey = z.infer<typeof PromptKey>;

/** A question that must be answered before a connection can proceed. It contains no secret. */
export const Prompt = z
  .object({
    id: z.string(),
    kind: PromptKind,
    /** The runs that wait for the answer; empty for a host test. */
    runIds: z.array(z.string()),
    /** As the person called it. */
    host: z.string(),
    /** `user@address:port`; differs from the host behind a bastion. */
    hop: z.string(),
    user: z.string(),
    title: z.string(),
    /** The server's own instructions for keyboard-interactive, as visible lines; may be empty. */
    instructions: z.string(),
    /** Counts from 1; greater than 1 when an earlier answer was wrong. */
    attempt: z.int().positive(),
    fields: z.array(PromptField),
    key: PromptKey.nullable(),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: "Prompt" });
export type Prompt = z.infer<typeof Prompt>;

/** How a prompt ended: it was answered or declined, nobody answered in time, or nothing waits for it any more. */
export const PromptOutcome = z.enum(["answered", "declined", "expired", "withdrawn"]);
export type PromptOutcome = z.infer<typeof PromptOutcome>;

/** Whether the daemon keeps the answer for the next time, in memory only. */
export const Remember = z.enum(["no", "session"]);
export type Remember = z.infer<typeof Remember>;

/** An answer for each field, in order; for a host key the only answer is "accept" or "acceptOnce". */
export const PromptAnswers = z.strictObject({
  answers: z
    .array(
      z
        .string()
        .max(4096)
        .refine((answer) => !answer.includes("\0"), "must not contain a NUL byte"),
    )
    .max(maxPromptFields),
  remember: Remember.default("no"),
});
export type PromptAnswers = z.infer<typeof PromptAnswers>;

/** Whether a person can be asked; with `fail` whatever needs an answer fails at once. */
export const PromptPolicy = z.enum(["fail", "ask"]);
export type PromptPolicy = z.infer<typeof PromptPolicy>;
