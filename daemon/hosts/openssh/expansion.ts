import { join } from "node:path";
import { Problem } from "../../../protocol/problem.ts";
import { visibleLine } from "../../../protocol/visible.ts";
import { joinArguments, splitArguments } from "../../core/split-arguments.ts";

/** The token values of one host, by letter (ssh_config(5), TOKENS). */
export type Tokens = Readonly<Record<string, string>>;

export interface ExpansionContext {
  /** The expansion of `~`. */
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The home directory of another account; undefined if there is no such account. */
  readonly homeOf: (user: string) => Promise<string | undefined>;
}

export interface TokenFacts {
  /** As given. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** The name of the last jump host, or "". */
  readonly jump: string;
  /** %C, computed by ssh itself, since its input differs between versions. */
  readonly hash: string;
  readonly hostKeyAlias: string | undefined;
  readonly home: string;
  readonly localUser: string;
  readonly localHost: string;
  readonly uid: number | undefined;
}

export function tokensOf(facts: TokenFacts): Tokens {
  const { name, address, port, user, jump, hash, hostKeyAlias, home, localUser, localHost, uid } = facts;
  return {
    C: hash,
    d: home,
    h: address,
    i: String(uid ?? 0),
    j: jump,
    k: hostKeyAlias ?? name,
    L: localHost.split(".")[0] ?? "",
    l: localHost,
    n: name,
    p: String(port),
    r: user,
    u: localUser,
  };
}

/** The tokens that ProxyCommand and ProxyJump accept. */
export function proxyTokens(tokens: Tokens): Tokens {
  return Object.fromEntries(Object.entries(tokens).filter(([letter]) => "hknpr".includes(letter)));
}

/** Expands each `%` and its letter, in order; throws `invalid_request` for an unknown one, which ssh also rejects. */
export function expandTokens(option: string, text: string, tokens: Tokens): string {
  return text.replaceAll(/%(.?)/gs, (token, letter: string) => {
    if (letter === "%") return "%";
    const value = tokens[letter];
    if (value === undefined) throw cannotExpand(option, text, `it knows no ${token}`);
    return value;
  });
}

/**
 * Expands known tokens and variables within the words of a command that runs without a shell. What is known only at run
 * time is left unchanged, and so is a command that cannot be split into words.
 */
export function expandArguments(
  command: string,
  tokens: Tokens,
  { environment }: Pick<ExpansionContext, "environment">,
): string {
  const [program, ...words] = splitArguments(command) ?? [];
  if (program === undefined) return command;
  const expanded = words.map((word) =>
    word.replaceAll(/\$\{([^}]*)\}|%(.?)/gs, (part, variable: string | undefined, letter: string) => {
      const value = variable === undefined ? tokens[letter] : environment[variable];
      return value?.replaceAll("%", "%%") ?? part;
    }),
  );
  return joinArguments([program, ...expanded]);
}

/** Expands a file path as OpenSSH does, `~` and `~user`, then tokens and `${VARIABLE}`, and makes it absolute. */
export async function expandFile(
  option: string,
  text: string,
  tokens: Tokens,
  context: ExpansionContext,
): Promise<string> {
  const path = expandText(option, await expandTilde(option, text, context), tokens, context);
  return path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path) ? path : join(context.home, path);
}

/** Expands tokens and `${VARIABLE}` in one pass, so that nothing is expanded twice. */
function expandText(
  option: string,
  text: string,
  tokens: Tokens,
  { environment }: Pick<ExpansionContext, "environment">,
): string {
  return text.replaceAll(/\$\{([^}]*)\}|%(.?)/gs, (part, variable: string | undefined, letter: string) => {
    const value = variable === undefined ? { ...tokens, "%": "%" }[letter] : environment[variable];
    if (value !== undefined) return value;
    const why = variable === undefined ? `it knows no ${part}` : `${part} is not set for Hostrun's daemon`;
    throw cannotExpand(option, text, why);
  });
}

async function expandTilde(option: string, text: string, context: ExpansionContext): Promise<string> {
  const match = /^~([^/]*)(.*)$/s.exec(text);
  if (match === null) return text;
  const [, user = "", rest = ""] = match;
  const home = user === "" ? context.home : await context.homeOf(user);
  if (home === undefined) throw cannotExpand(option, text, `there is no account ${user}`);
  return rest === "" ? home : join(home, rest);
}

function cannotExpand(option: string, text: string, why: string): Problem {
  return new Problem(
    "invalid_request",
    `${option} ${visibleLine(text)} of the SSH configuration cannot be expanded: ${visibleLine(why)}. Fix it there.`,
    { reason: "ssh_config" },
  );
}
