import type { HostPatch } from "../../protocol/host.ts";
import { HostKeyPolicy, parseJump } from "../../protocol/host.ts";
import { parseWhole, UsageError, unknown } from "../command.ts";

/** The options of `hosts add` and `hosts edit`. */
export const fieldOptions = {
  address: { type: "string" },
  port: { type: "string", short: "p" },
  user: { type: "string", short: "l" },
  "identity-file": { type: "string", short: "i" },
  jump: { type: "string", short: "J" },
  group: { type: "string" },
  tag: { type: "string", multiple: true },
  color: { type: "string" },
  production: { type: "boolean" },
  "no-production": { type: "boolean" },
  "login-shell": { type: "boolean" },
  "no-login-shell": { type: "boolean" },
  "host-key-policy": { type: "string" },
  json: { type: "boolean" },
} as const;

type Values = {
  readonly [Name in keyof typeof fieldOptions]?: (typeof fieldOptions)[Name] extends { multiple: true }
    ? string[] | undefined
    : (typeof fieldOptions)[Name]["type"] extends "boolean"
      ? boolean | undefined
      : string | undefined;
};

/** What the options say of a host; fields that they do not name are left out. The daemon checks the values. */
export function parseFields(values: Values): HostPatch {
  const { address, port, user, group, jump, tag, color } = values;
  return defined({
    address,
    port: port === undefined ? undefined : parseWhole(port, "--port"),
    user,
    identityFile: values["identity-file"],
    jump: jump?.split(","),
    group,
    tags: tag,
    color,
    production: either(values.production, values["no-production"]),
    loginShell: either(values["login-shell"], values["no-login-shell"]),
    hostKeyPolicy: parsePolicy(values["host-key-policy"]),
  });
}

/** `[user@]address[:port]` */
export function parseAddress(text: string): HostPatch {
  const parsed = parseJump(text);
  if (parsed === undefined) throw new UsageError(`"${text}" must be an address: [user@]address[:port].`);
  return defined({ address: parsed.host, user: parsed.user, port: parsed.port });
}

const cleared = {
  user: null,
  "identity-file": null,
  jump: [],
  group: null,
  tag: [],
  color: null,
  "host-key-policy": null,
} as const;

/** The fields that `--unset` names, emptied. */
export function parseCleared(names: readonly string[]): HostPatch {
  const wireNames: Readonly<Record<string, string>> = {
    "identity-file": "identityFile",
    tag: "tags",
    "host-key-policy": "hostKeyPolicy",
  };
  const entries = names.map((name): [string, null | readonly []] => {
    const empty = Object.entries(cleared).find(([known]) => known === name);
    if (empty === undefined) throw unknown("field to unset called", name, Object.keys(cleared));
    return [wireNames[name] ?? name, empty[1]];
  });
  return Object.fromEntries(entries);
}

function parsePolicy(text: string | undefined): HostKeyPolicy | undefined {
  if (text === undefined) return undefined;
  const parsed = HostKeyPolicy.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new UsageError(
    `--host-key-policy is "${text}", but must be one of: ${HostKeyPolicy.options.join(", ")}.`,
  );
}

function either(yes: boolean | undefined, no: boolean | undefined): boolean | undefined {
  if (yes === true && no === true) throw new UsageError("An option and its no- form exclude each other.");
  return yes ?? (no === true ? false : undefined);
}

type Defined<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

function defined<T extends object>(fields: T): Defined<T>;
function defined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
