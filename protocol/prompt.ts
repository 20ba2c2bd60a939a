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

/** Of more a person cannot be asked at once. */
export const maxPromptFields = 32;

/** One line to type; what is typed is shown only where `echo` says so. */
export const PromptField = z.object({ label: z.string(), echo: z.boolean() });
export type PromptField = z.infer<typeof PromptField>;

/** The host key that a person is to judge; `key` is base64, as in known_hosts. */
export const PromptKey = z.object({
  keyType: z.string(),
  fingerprint: z.string(),
  /** As `ssh-keygen -lv` draws it, in lines; empty where there is none. */
  randomart: z.string(),
  key: z.string(),
  /** Other names under which this key is on record. */
  knownAs: z.array(z.string()),
});
export type PromptKey = z.infer<typeof PromptKey>;

/** A question that somebody has to answer before a connection can go on. It holds no secret. */
export const Prompt = z
  .object({
    id: z.string(),
    kind: PromptKind,
    /** The runs that wait for the answer; none where a host is tested. */
    runIds: z.array(z.string()),
    /** As the person called it. */
    host: z.string(),
    /** `user@address:port`; differs from the host behind a bastion. */
    hop: z.string(),
    user: z.string(),
    title: z.string(),
    /** The server's own text for keyboard-interactive, in visible lines; may be empty. */
    instructions: z.string(),
    /** Counts from 1; more than that when an earlier answer was wrong. */
    attempt: z.int().positive(),
    fields: z.array(PromptField),
    key: PromptKey.nullable(),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: "Prompt" });
export type Prompt = z.infer<typeof Prompt>;

/** How a prompt ended: somebody answered or declined, nobody did in time, or nobody waits for it any more. */
export const PromptOutcome = z.enum(["answered", "declined", "expired", "withdrawn"]);
export type PromptOutcome = z.infer<typeof PromptOutcome>;

/** Whether the daemon keeps what was answered for the next time, in its memory only. */
export const Remember = z.enum(["no", "session"]);
export type Remember = z.infer<typeof Remember>;

/** An answer for each field, in order; for a host key the one answer is "accept" or "acceptOnce". */
export const PromptAnswers = z.strictObject({
  answers: z
    .array(
      z
        .string()
        .max(4096)
        .refine((answer) => !answer.includes("\0"), "must not hold a NUL byte"),
    )
    .max(maxPromptFields),
  remember: Remember.default("no"),
});
export type PromptAnswers = z.infer<typeof PromptAnswers>;

/** Whether somebody is there to be asked; with `fail` what would need a person fails at once. */
export const PromptPolicy = z.enum(["fail", "ask"]);
export type PromptPolicy = z.infer<typeof PromptPolicy>;
