import { resolve } from "node:path";
import type { HostPatch } from "../../protocol/host.ts";
import { destinationFault, parseJump, withoutPassword } from "../../protocol/destination.ts";
import { HostKeyPolicy, HostTransport, HostWorker } from "../../protocol/host.ts";
import { parseWhole, refuseTogether, UsageError, unknown } from "../command.ts";

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
  favorite: { type: "boolean" },
  "no-favorite": { type: "boolean" },
  "login-shell": { type: "boolean" },
  "no-login-shell": { type: "boolean" },
  "host-key-policy": { type: "string" },
  transport: { type: "string" },
  worker: { type: "string" },
  "legacy-algorithms": { type: "boolean" },
  "no-legacy-algorithms": { type: "boolean" },
} as const;

export const fieldNames = {
  name: "NAME",
  address: "--address",
  port: "--port",
  user: "--user",
  identityFile: "--identity-file",
  jump: "--jump",
  group: "--group",
  tags: "--tag",
  color: "--color",
  hostKeyPolicy: "--host-key-policy",
  transport: "--transport",
  worker: "--worker",
};

export const fieldHelp = `  --address ADDRESS
  -p, --port PORT
  -l, --user USER
  -i, --identity-file FILE   the private key, or its public half for a key in the agent
  -J, --jump HOST,...        through these jump hosts, each [user@]host[:port]; none: directly
  --group PATH               where it is in the tree, e.g. prod/web
  --tag TAG                  may be given several times
  --color COLOR              of its row, e.g. charts.red; of #ff8800 the nearest of the theme
  --production, --no-production
  --favorite, --no-favorite  at the top of the list
  --login-shell, --no-login-shell
  --host-key-policy ask|acceptNew|strict
  --transport auto|ssh2|openssh
                             connect by ssh2 or by the system's ssh
  --worker auto|off          whether commands may skip start files that take long
  --legacy-algorithms, --no-legacy-algorithms
                             let SHA-1, CBC and 3DES in, for an old device
`;

type Values = {
  readonly [Name in keyof typeof fieldOptions]?: (typeof fieldOptions)[Name] extends { multiple: true }
    ? string[] | undefined
    : (typeof fieldOptions)[Name]["type"] extends "boolean"
      ? boolean | undefined
      : string | undefined;
};

/** Flags that have a no- form. */
type Flag = "production" | "favorite" | "login-shell" | "legacy-algorithms";

/** Parses a host's fields from the options; fields without an option are left out. The daemon validates the values. */
export function parseFields(values: Values): HostPatch {
  const { address, port, user, group, jump, tag, color } = values;
  return defined({
    address,
    port: port === undefined ? undefined : parseWhole(port, "--port"),
    user,
    identityFile: parsePath(values["identity-file"]),
    jump: jump === undefined ? undefined : jumpHosts(jump),
    group,
    tags: tag,
    color,
    production: either(values, "production"),
    favorite: either(values, "favorite"),
    loginShell: either(values, "login-shell"),
    hostKeyPolicy: parseChoice(HostKeyPolicy, values["host-key-policy"], "--host-key-policy"),
    transport: parseChoice(HostTransport, values.transport, "--transport"),
    worker: parseChoice(HostWorker, values.worker, "--worker"),
    legacyAlgorithms: either(values, "legacy-algorithms"),
  });
}

/** As with `ssh -J`, `none` means no jump host. */
function jumpHosts(text: string): string[] {
  return /^(?:none)?$/i.test(text) ? [] : text.split(",");
}

/** `[user@]address[:port]` */
export function parseAddress(text: string): HostPatch {
  const parsed = parseJump(text);
  if (parsed === undefined) {
    throw new UsageError(`"${withoutPassword(text)}" ${destinationFault(text) ?? "must be an address"}.`);
  }
  return defined({ address: parsed.host, user: parsed.user, port: parsed.port });
}

/** Resolves a path here, since the daemon has another working directory. `~` is expanded by the daemon. */
function parsePath(text: string | undefined): string | undefined {
  return text === undefined || text === "~" || text.startsWith("~/") ? text : resolve(text);
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

export const clearableFields = Object.keys(cleared);

/** The fields named by `--unset`, cleared. */
export function parseCleared(names: readonly string[]): HostPatch {
  const wireNames: Readonly<Record<string, string>> = {
    "identity-file": "identityFile",
    tag: "tags",
    "host-key-policy": "hostKeyPolicy",
  };
  const entries = names.map((name): [string, null | readonly []] => {
    const empty = Object.entries(cleared).find(([known]) => known === name);
    if (empty === undefined) throw unknown("field to unset", name, clearableFields);
    return [wireNames[name] ?? name, empty[1]];
  });
  return Object.fromEntries(entries);
}

function parseChoice<Choice extends string>(
  { options }: { readonly options: readonly Choice[] },
  text: string | undefined,
  option: string,
): Choice | undefined {
  if (text === undefined) return undefined;
  const choice = options.find((each) => each === text);
  if (choice !== undefined) return choice;
  throw new UsageError(`${option} is "${text}", but must be one of: ${options.join(", ")}.`);
}

function either(values: Values, name: Flag): boolean | undefined {
  refuseTogether(values, name, `no-${name}`);
  return values[name] ?? (values[`no-${name}`] === true ? false : undefined);
}

type Defined<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

function defined<T extends object>(fields: T): Defined<T>;
function defined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
