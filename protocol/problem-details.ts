import * as z from "zod";
import { TestStep } from "./test-step.ts";
import { problems, type ProblemCode as Code } from "./problem-codes.ts";

const codes = Object.keys(problems);
export const ProblemCode = z
  .string()
  .refine((code): code is Code => codes.includes(code), "unknown problem code");

/** One invalid field: `path` as in `options.env.PATH`, "" for the request as a whole. */
export const Issue = z.object({ path: z.string(), message: z.string() });
export type Issue = z.infer<typeof Issue>;

/** The members of a problem besides its code; each is present only where it applies. */
export const ProblemMembers = z.object({
  issues: z.array(Issue).optional(),
  /** The host as the person called it. */
  host: z.string().optional(),
  /** The hop that failed, `user@address:port`; differs from the host behind a bastion. */
  hop: z.string().optional(),
  address: z.string().optional(),
  port: z.number().int().optional(),
  /** Finer than the code, e.g. "refused", "name_not_found", "no_route". */
  reason: z.string().optional(),
  /** The host key that was offered; `key` is the public key in base64 as in known_hosts. */
  keyType: z.string().optional(),
  fingerprint: z.string().optional(),
  key: z.string().optional(),
  /** For a changed host key: the fingerprints on record, the `file:line` of each, and how to remove it. */
  expected: z
    .array(
      z.object({
        fingerprint: z.string(),
        keyType: z.string(),
        at: z.string(),
        /** A command for a POSIX shell; absent where the line has to be edited by hand. */
        remove: z.string().optional(),
      }),
    )
    .optional(),
  /** For a host test: its steps, and which one failed. */
  steps: z.array(TestStep).optional(),
  retryAfterMs: z.number().int().optional(),
  /** For a daemon that died while starting: the last lines that it wrote. */
  written: z.array(z.string()).optional(),
});
export type ProblemMembers = z.infer<typeof ProblemMembers>;

/** A problem on the wire (RFC 9457, section 3). */
export const ProblemDetails = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: ProblemCode,
    /** What failed, where, and what to do next; for a person to read. */
    detail: z.string(),
    retryable: z.boolean(),
    ...ProblemMembers.shape,
  })
  .meta({ id: "ProblemDetails" });
export type ProblemDetails = z.infer<typeof ProblemDetails>;
