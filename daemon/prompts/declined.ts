import { Problem } from "../../protocol/problem.ts";
import type { PromptKind, PromptOutcome } from "../../protocol/prompt.ts";
import type { Question } from "../transport/questioner.ts";

const names: Readonly<Record<PromptKind, string>> = {
  hostKey: "whether its host key is to be trusted",
  password: "the password",
  passphrase: "the key's passphrase",
  keyboardInteractive: "what the server asked for",
  approval: "whether it may run",
  secret: "a secret",
};

/** The problem for those that waited for an answer that does not come. */
export function declined(
  { kind, host, hop }: Question,
  outcome: Exclude<PromptOutcome, "answered">,
  timeoutMs: number,
): Problem {
  const what = `${host} (${hop}): ${names[kind]}`;
  const details = {
    declined: `${what} was asked for, and the question was declined. Run it again to be asked again.`,
    expired:
      `${what} was asked for, and nobody answered within ${timeoutMs / 1000} s (promptTimeoutMs). ` +
      "Run it again to be asked again.",
    withdrawn: `${what} was asked for, and the question was withdrawn.`,
  };
  return new Problem("declined", details[outcome], { host, hop, reason: outcome });
}
