import { expect, test } from "vitest";
import { asksForPassword } from "../../../../extension/keys/typed-prompt.ts";
import type { PromptKind } from "../../../../protocol/prompt.ts";

test.each<[PromptKind, string, boolean, boolean]>([
  ["password", "anything", false, true],
  ["keyboardInteractive", "Password: ", false, true],
  ["keyboardInteractive", "(ann@web1) Passwort: ", false, true],
  ["keyboardInteractive", "Mot de passe : ", false, true],
  ["keyboardInteractive", "Verification code: ", false, false],
  ["keyboardInteractive", "One-time password (OATH) for `ann': ", false, false],
  ["keyboardInteractive", "Is your password new? ", true, false],
  ["passphrase", "Passphrase", false, false],
  ["hostKey", "password", false, false],
])("a person who answered %s %j (shown: %s) typed a password: %s", (kind, label, echo, expected) => {
  expect(asksForPassword({ kind, hop: "ann@10.0.0.5:22", fields: [{ label, echo }] })).toBe(expected);
});
