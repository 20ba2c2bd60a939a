import {
  type Check,
  isFlag,
  isInstant,
  isListOf,
  isNullOr,
  isObjectWith,
  isOneOf,
  isText,
  isWhole,
} from "./check.ts";

const isKey = isObjectWith({
  keyType: isText,
  fingerprint: isText,
  randomart: isText,
  key: isText,
  knownAs: isListOf(isText),
});

/** Matches the schema of prompt.ts. */
export const isPrompt: Check = isObjectWith({
  id: isText,
  kind: isOneOf("hostKey", "password", "passphrase", "keyboardInteractive", "approval", "secret"),
  runIds: isListOf(isText),
  host: isText,
  hop: isText,
  user: isText,
  title: isText,
  instructions: isText,
  attempt: (value) => isWhole(value) && Number(value) > 0,
  fields: isListOf(isObjectWith({ label: isText, echo: isFlag })),
  key: isNullOr(isKey),
  createdAt: isInstant,
  expiresAt: isInstant,
});
