import { HostName } from "../../../protocol/host.ts";
import type { Clock } from "../../core/clock.ts";
import { TimeSlice } from "../../core/time-slice.ts";
import { matchesWildcard } from "../../core/wildcard.ts";
import type { ConfigLine, ConfigTree } from "./config-line.ts";

/** A name on a Host line, with its position. */
export interface Alias {
  readonly name: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** What can be read from a configuration without computing values, which `ssh -G` does. */
export interface SshConfig {
  /** The names on Host lines, without patterns, each at its first position; in file order. */
  readonly aliases: ReadonlyMap<string, Alias>;
  /** Words on Host lines that cannot be host names, e.g. `a,b`: ssh reads it as one word, which matches no host. */
  readonly unusable: readonly Alias[];
  /** Every line with this keyword (in lower case), for any host. */
  lines(keyword: string): readonly ConfigLine[];
  /** Whether effective values also depend on a command or on DNS (Match exec, CanonicalizeHostname). */
  readonly isVolatile: boolean;
}

/** Reads the files, each with its includes in place, in time linear in their length. */
export async function readNames(
  trees: readonly ConfigTree[],
  clock: Pick<Clock, "elapsed">,
): Promise<SshConfig> {
  const slice = new TimeSlice(clock);
  const aliases = new Map<string, Alias>();
  const unusable: Alias[] = [];
  const byKeyword = new Map<string, ConfigLine[]>();
  for (const { line, hosts } of linesOfAll(trees)) {
    const lines = byKeyword.get(line.keyword);
    if (lines === undefined) byKeyword.set(line.keyword, [line]);
    else lines.push(line);
    if (line.keyword === "host") {
      for (const alias of aliasesOf(line, hosts)) {
        if (!isHostName(alias.name)) unusable.push(alias);
        else if (!aliases.has(alias.name)) aliases.set(alias.name, alias);
      }
    }
    if (slice.spent) await slice.next();
  }
  const lines = (keyword: string): readonly ConfigLine[] => byKeyword.get(keyword) ?? [];
  const runsCommands = lines("match").some(({ words = [] }) =>
    words.some((word) => /^!?exec(?:=|$)/i.test(word)),
  );
  const looksUp = lines("canonicalizehostname").some(({ words }) => words?.[0]?.toLowerCase() !== "no");
  return { aliases, unusable, lines, isVolatile: runsCommands || looksUp };
}

interface PlacedLine {
  readonly line: ConfigLine;
  /** The Host lines that apply where its file is included. */
  readonly hosts: readonly ConfigLine[];
}

function* linesOfAll(trees: readonly ConfigTree[]): Generator<PlacedLine> {
  for (const tree of trees) yield* linesOf(tree, []);
}

/** Included lines take the place of the Include, under the Host line that applies there. */
function* linesOf(tree: ConfigTree, outer: readonly ConfigLine[]): Generator<PlacedLine> {
  let hosts = outer;
  for (const line of tree.lines) {
    yield { line, hosts: outer };
    if (line.keyword === "host") hosts = [...outer, line];
    if (line.keyword === "match") hosts = outer;
    for (const included of tree.included.get(line) ?? []) yield* linesOf(included, hosts);
  }
}

function aliasesOf({ words = [], file, line }: ConfigLine, outer: readonly ConfigLine[]): Alias[] {
  return words
    .filter((name) => !/[*?!]/.test(name))
    .filter((name) => outer.every((each) => patternsMatch(each.words ?? [], name)))
    .map((name) => ({ name, file, line }));
}

/** Whether a Host line matches a name (ssh_config(5), PATTERNS). */
function patternsMatch(patterns: readonly string[], name: string): boolean {
  let matched = false;
  for (const pattern of patterns) {
    if (pattern.startsWith("!")) {
      if (matchesWildcard(pattern.slice(1), name)) return false;
    } else matched ||= pattern === name || matchesWildcard(pattern, name);
  }
  return matched;
}

const plainName = /^[A-Za-z0-9][A-Za-z0-9.:_-]{0,254}$/;

/** Whether a text is valid as a host's name or address; the first test suffices for most. */
function isHostName(text: string): boolean {
  return plainName.test(text) || HostName.safeParse(text).success;
}
