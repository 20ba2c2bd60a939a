import { isAbsolute } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { runProgram } from "../../core/run-program.ts";
import { splitArguments } from "../../core/split-arguments.ts";
import { describeKey } from "./host-key.ts";
import { hostsMatch, type KnownHostLine } from "./known-hosts-file.ts";
import { parseKnownHosts } from "./user-known-hosts-file.ts";

export interface KnownHostsCommandParts {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Pick<Clock, "elapsed">;
}

/** When the command is run: before the key exchange, or for a key that the server has presented. */
export type Invocation = { readonly kind: "ORDER" } | { readonly kind: "HOSTNAME"; readonly key: Buffer };

export type CommandLines =
  | { readonly kind: "lines"; readonly lines: readonly KnownHostLine[] }
  /** A clause. OpenSSH then gives up the connection, and so does Hostrun. */
  | { readonly kind: "failed"; readonly why: string };

const timeoutMs = 10_000;
const maxBytes = 1024 * 1024;

/**
 * Runs `KnownHostsCommand` (ssh_config(5)) as ssh does, and parses its output as known_hosts. The host's tokens are
 * already expanded, except %H, which is `lookupName`. Never rejects.
 */
export async function runKnownHostsCommand(
  template: string,
  lookupName: string,
  invocation: Invocation,
  parts: KnownHostsCommandParts,
): Promise<CommandLines> {
  const failed = (why: string): CommandLines => ({ kind: "failed", why: `KnownHostsCommand: ${why}` });
  const words = splitArguments(template);
  if (words === undefined) return failed("its quotes do not match");
  const [file, ...others] = words;
  if (file === undefined || !isAbsolute(file)) return failed("it must begin with an absolute path");
  const values = tokensOf(lookupName, invocation);
  const args: string[] = [];
  for (const word of others) {
    const arg = expand(word, values, parts.environment);
    if (arg instanceof BadToken) return failed(arg.why);
    args.push(arg);
  }
  const ran = await runProgram({
    file,
    args,
    env: parts.environment,
    timeoutMs,
    maxBytes,
  });
  if (ran.kind === "failed") return failed(ran.why);
  if (ran.code !== 0) return failed(`it ended with status ${ran.code}`);
  const source = `KnownHostsCommand-${invocation.kind}`;
  const { lines } = await parseKnownHosts(ran.stdout.toString("utf8"), source, parts.clock);
  return { kind: "lines", lines: lines.filter(({ hosts }) => hostsMatch(hosts, lookupName)) };
}

/** Whether the command's output can depend on the key that a server presents. */
export function dependsOnKey(template: string): boolean {
  return /%[IftK]/.test(template.replaceAll("%%", ""));
}

function tokensOf(lookupName: string, invocation: Invocation): ReadonlyMap<string, string> {
  const shown = invocation.kind === "HOSTNAME" ? invocation.key : undefined;
  const { keyType, fingerprint } = shown === undefined ? noKey : describeKey(shown);
  return new Map([
    ["%", "%"],
    ["H", lookupName],
    ["I", invocation.kind],
    ["t", keyType],
    ["f", fingerprint],
    ["K", shown?.toString("base64") ?? "NONE"],
  ]);
}

const noKey = { keyType: "NONE", fingerprint: "NONE" };

class BadToken {
  readonly why: string;
  constructor(why: string) {
    this.why = why;
  }
}

/** `%` tokens and `${VARIABLE}` (misc.c, percent_dollar_expand). */
function expand(
  word: string,
  tokens: ReadonlyMap<string, string>,
  environment: Readonly<Record<string, string | undefined>>,
): string | BadToken {
  let bad: BadToken | undefined;
  const expanded = word.replace(/%(.?)|\$\{([^}]*)\}?/gs, (found, token?: string, variable?: string) => {
    const value = token === undefined ? environment[variable ?? ""] : tokens.get(token);
    if (value === undefined) bad ??= new BadToken(`${found} means nothing`);
    return value ?? "";
  });
  return bad ?? expanded;
}
