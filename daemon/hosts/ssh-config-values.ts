import { join } from "node:path";
import { parseJump } from "../../protocol/destination.ts";
import { HostName, UserName } from "../../protocol/host.ts";
import { matchesWildcard, matchesWildcardList } from "../core/wildcard.ts";
import type { ConfigBlock, ConfigLine } from "./ssh-config-line.ts";

/** What an SSH config says of one alias, as far as Hostrun uses it. */
export interface SshConfigHost {
  readonly name: string;
  readonly address: string;
  readonly port: number | undefined;
  readonly user: string | undefined;
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  readonly jump: readonly string[];
  /** A directive without which the host can't be reached and that Hostrun doesn't know. */
  readonly unsupported: "ProxyCommand" | undefined;
}

/** What holds for a name so far, and the name. */
interface Obtained {
  readonly name: string;
  readonly localUser: string;
  hostName?: string;
  port?: string;
  user?: string;
  identitiesOnly?: string;
  /** The first of ProxyJump and ProxyCommand. */
  proxy?: { readonly keyword: string; readonly word: string };
  readonly identityFiles: string[];
}

/**
 * The values of a host by the blocks that may hold for it, in order: the first one that is obtained counts. `Match exec`
 * never runs and never holds. Undefined when a value could not be used as it stands: such a host is not offered at all.
 */
export function valuesOf(
  name: string,
  blocks: Iterable<ConfigBlock>,
  { home, localUser }: { readonly home: string; readonly localUser: string },
): SshConfigHost | undefined {
  if (!isHostName(name)) return undefined;
  const obtained: Obtained = { name, localUser, identityFiles: [] };
  for (const { conditions, lines } of blocks) {
    if (!conditions.every((condition) => holds(condition, obtained))) continue;
    for (const line of lines) if (!take(line, obtained)) return undefined;
  }
  return hostOf(obtained, home);
}

/** What is obtained of each keyword; ProxyJump and ProxyCommand stand for each other. */
const takers: Readonly<Record<string, (obtained: Obtained, word: string, keyword: string) => void>> = {
  hostname: (obtained, word) => (obtained.hostName ??= word),
  port: (obtained, word) => (obtained.port ??= word),
  user: (obtained, word) => (obtained.user ??= word),
  identitiesonly: (obtained, word) => (obtained.identitiesOnly ??= word),
  identityfile: (obtained, word) => obtained.identityFiles.push(word),
  proxyjump: (obtained, word, keyword) => (obtained.proxy ??= { keyword, word }),
  proxycommand: (obtained, word, keyword) => (obtained.proxy ??= { keyword, word }),
};

/** What Hostrun takes from an SSH config; every other line is passed over. */
export const usedKeywords: ReadonlySet<string> = new Set(Object.keys(takers));

/** False for a line without its value. */
function take({ keyword, words }: ConfigLine, obtained: Obtained): boolean {
  const word = words?.[0];
  if (word === undefined) return false;
  takers[keyword]?.(obtained, word, keyword);
  return true;
}

function holds({ keyword, words = [] }: ConfigLine, obtained: Obtained): boolean {
  return keyword === "host" ? patternsMatch(words, obtained.name) : matchHolds(words, obtained);
}

/** Whether a Host line means a name (ssh_config(5), PATTERNS). */
export function patternsMatch(patterns: readonly string[], name: string): boolean {
  let matched = false;
  for (const pattern of patterns) {
    if (pattern.startsWith("!")) {
      if (matchesWildcard(pattern.slice(1), name)) return false;
    } else matched ||= pattern === name || matchesWildcard(pattern, name);
  }
  return matched;
}

/** Of criteria that cannot be told here, such as `exec` and `final`, none holds, also not the contrary of one. */
function matchHolds(words: readonly string[], obtained: Obtained): boolean {
  const rest = words.flatMap((word) => /^([^=]*)=(.+)$/.exec(word)?.slice(1) ?? word);
  if (rest.length === 0) return false;
  while (rest.length > 0) {
    const [criterion = ""] = rest.splice(0, 1);
    const negated = criterion.startsWith("!");
    const name = criterion.slice(negated ? 1 : 0).toLowerCase();
    if (name === "all") return !negated && rest.length === 0;
    const [patterns] = rest.splice(0, 1);
    const subject = subjectOf(name, obtained);
    if (patterns === undefined || subject === undefined) return false;
    const wanted = name.endsWith("host") ? patterns.toLowerCase() : patterns;
    if (matchesWildcardList(wanted, subject) === negated) return false;
  }
  return true;
}

function subjectOf(criterion: string, { name, localUser, hostName, user }: Obtained): string | undefined {
  switch (criterion) {
    case "host":
      return addressOf(name, hostName).toLowerCase();
    case "originalhost":
      return name.toLowerCase();
    case "user":
      return user ?? localUser;
    case "localuser":
      return localUser;
    default:
      return undefined;
  }
}

function addressOf(name: string, hostName = name): string {
  return expandTokens(hostName, { h: name });
}

/** Whether something can be a host's name or address; most are told at a glance. */
export function isHostName(text: string): boolean {
  return plainName.test(text) || HostName.safeParse(text).success;
}

function isUserName(text: string): boolean {
  return plainName.test(text) || UserName.safeParse(text).success;
}

const plainName = /^[A-Za-z0-9][A-Za-z0-9.:_-]{0,254}$/;

function hostOf(obtained: Obtained, home: string): SshConfigHost | undefined {
  const { name, port, user } = obtained;
  const address = addressOf(name, obtained.hostName);
  const tokens = { h: address, n: name, r: user ?? "", p: port ?? "22", d: home };
  const files = obtained.identityFiles.filter((file) => file.toLowerCase() !== "none");
  const host: SshConfigHost = {
    name,
    address,
    port: port === undefined ? undefined : Number(port),
    user,
    identityFiles: [...new Set(files.map((file) => expandPath(file, home, tokens)))],
    identitiesOnly: /^(?:yes|true)$/i.test(obtained.identitiesOnly ?? ""),
    ...wayOf(obtained.proxy),
  };
  return isUsable(host) ? host : undefined;
}

function wayOf(proxy: Obtained["proxy"]): Pick<SshConfigHost, "jump" | "unsupported"> {
  if (proxy === undefined || proxy.word.toLowerCase() === "none") return { jump: [], unsupported: undefined };
  if (proxy.keyword === "proxycommand") return { jump: [], unsupported: "ProxyCommand" };
  return { jump: proxy.word.split(","), unsupported: undefined };
}

function isUsable({ address, port, user, jump }: SshConfigHost): boolean {
  if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65_535)) return false;
  if (user !== undefined && !isUserName(user)) return false;
  return isHostName(address) && jump.every((hop) => parseJump(hop) !== undefined);
}

/** Expands `~` and the tokens of ssh_config(5) that a key file's path may hold. */
export function expandPath(path: string, home: string, tokens: Record<string, string> = {}): string {
  const text = expandTokens(path, tokens);
  return text === "~" || text.startsWith("~/") ? join(home, text.slice(1)) : text;
}

function expandTokens(text: string, tokens: Record<string, string>): string {
  if (!text.includes("%")) return text;
  return text.replace(/%(.)/g, (token, letter: string) => (letter === "%" ? "%" : (tokens[letter] ?? token)));
}
