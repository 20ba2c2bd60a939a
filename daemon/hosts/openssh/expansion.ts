import { join } from "node:path";
import { Problem } from "../../../protocol/problem.ts";
import { visibleLine } from "../../../protocol/visible.ts";
import { joinArguments, splitArguments } from "../../core/split-arguments.ts";

/** What the tokens of one host stand for, by their letters (ssh_config(5), TOKENS). */
export type Tokens = Readonly<Record<string, string>>;

export interface ExpansionContext {
  /** What `~` is. */
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The home directory of another account; undefined where there is no such account. */
  readonly homeOf: (user: string) => Promise<string | undefined>;
}

export interface TokenFacts {
  /** As it was asked for. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** The name of the last bastion; empty without one. */
  readonly jump: string;
  /** %C, which ssh itself makes: what goes into it differs by its version. */
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

/** What ProxyCommand and ProxyJump know of these. */
export function proxyTokens(tokens: Tokens): Tokens {
  return Object.fromEntries(Object.entries(tokens).filter(([letter]) => "hknpr".includes(letter)));
}

/** Each `%` with its letter, in order; `invalid_request` for one that is unknown, where ssh gives up too. */
export function expandTokens(option: string, text: string, tokens: Tokens): string {
  return text.replaceAll(/%(.?)/gs, (token, letter: string) => {
    if (letter === "%") return "%";
    const value = tokens[letter];
    if (value === undefined) throw cannotExpand(option, text, `it knows no ${token}`);
    return value;
  });
}

/**
 * A command that is run without a shell, with the tokens and variables that are known here in it as parts of its words.
 * What is known only when it is run is left, and so is a command that cannot be split into words.
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

/** A file's path: `~` and `~user`, then the tokens and `${VARIABLE}`, as OpenSSH does it, made absolute. */
export async function expandFile(
  option: string,
  text: string,
  tokens: Tokens,
  context: ExpansionContext,
): Promise<string> {
  const path = expandText(option, await expandTilde(option, text, context), tokens, context);
  return path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path) ? path : join(context.home, path);
}

/** Tokens and `${VARIABLE}` in one pass, so that nothing is expanded again. */
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
