import type { Clock } from "../core/clock.ts";
import { TimeSlice } from "../core/time-slice.ts";
import type { ConfigBlock, ConfigLine, ConfigTree } from "./ssh-config-line.ts";
import {
  isHostName,
  patternsMatch,
  type SshConfigHost,
  usedKeywords,
  valuesOf,
} from "./ssh-config-values.ts";

/** A name that a Host line gives, and where. */
export interface Alias {
  readonly name: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

export interface SshConfig {
  /** The names that Host lines give, patterns left out, each where it stands first; in the files' order. */
  readonly aliases: ReadonlyMap<string, Alias>;
  /** What holds for a name, patterns such as `Host *` included. Undefined when that is no valid host. */
  readonly host: (name: string) => SshConfigHost | undefined;
  /** Every alias that is a valid host. */
  hosts(): Promise<readonly SshConfigHost[]>;
}

export interface SshConfigContext {
  readonly clock: Pick<Clock, "elapsed">;
  readonly home: string;
  /** The name of the user who runs the daemon. */
  readonly localUser: string;
}

/**
 * Takes in what the files say, in time that grows with their length and not with its square: of blocks whose names are
 * no patterns only those are looked at that name the host.
 */
export async function createSshConfig(tree: ConfigTree, context: SshConfigContext): Promise<SshConfig> {
  const slice = new TimeSlice(context.clock);
  const blocks: ConfigBlock[] = [];
  const aliases = new Map<string, Alias>();
  const named = new Map<string, number[]>();
  const unnamed: number[] = [];
  for (const block of blocksOf(tree, [])) {
    const names = namesOf(block);
    const index = blocks.push(block) - 1;
    if (names === undefined) unnamed.push(index);
    for (const name of new Set(names)) pushTo(named, name, index);
    for (const alias of aliasesOf(block)) if (!aliases.has(alias.name)) aliases.set(alias.name, alias);
    if (slice.spent) await slice.next();
  }
  const known = new Map<string, SshConfigHost | undefined>();
  const host = (name: string): SshConfigHost | undefined => {
    if (known.has(name)) return known.get(name);
    const indexes = [...(named.get(name) ?? []), ...unnamed].sort((one, other) => one - other);
    const found = valuesOf(
      name,
      indexes.flatMap((index) => blocks[index] ?? []),
      context,
    );
    known.set(name, found);
    return found;
  };
  return {
    aliases,
    host,
    async hosts() {
      const hosts: SshConfigHost[] = [];
      const own = new TimeSlice(context.clock);
      for (const name of aliases.keys()) {
        const found = host(name);
        if (found !== undefined) hosts.push(found);
        if (own.spent) await own.next();
      }
      return hosts;
    },
  };
}

function pushTo(lists: Map<string, number[]>, name: string, value: number): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [value]);
  else list.push(value);
}

/** What an Include names stands in its place, under the conditions that hold there; afterwards those hold again. */
function* blocksOf(tree: ConfigTree, outer: readonly ConfigLine[]): Generator<ConfigBlock> {
  let conditions = outer;
  let lines: ConfigLine[] = [];
  for (const line of tree.lines) {
    const trees = tree.included.get(line);
    if (line.keyword === "host" || line.keyword === "match" || trees !== undefined) {
      yield { conditions, lines };
      lines = [];
    }
    if (line.keyword === "host" || line.keyword === "match") conditions = [...outer, line];
    else if (usedKeywords.has(line.keyword)) lines.push(line);
    for (const included of trees ?? []) yield* blocksOf(included, conditions);
  }
  yield { conditions, lines };
}

function isPattern(word: string): boolean {
  return word.includes("*") || word.includes("?") || word.startsWith("!");
}

/** The only names that a block can hold for; undefined where those cannot be listed. */
function namesOf({ conditions }: ConfigBlock): readonly string[] | undefined {
  const line = conditions.findLast(({ keyword, words = [] }) => keyword === "host" && !words.some(isPattern));
  return line?.words ?? (line === undefined ? undefined : []);
}

function aliasesOf({ conditions }: ConfigBlock): Alias[] {
  const own = conditions.at(-1);
  if (own?.keyword !== "host" || own.words === undefined) return [];
  const { file, line, words } = own;
  const outer = conditions.filter(({ keyword }) => keyword === "host");
  return words
    .filter((name) => !isPattern(name) && !name.includes("!") && isHostName(name))
    .filter((name) => outer.every((each) => patternsMatch(each.words ?? [], name)))
    .map((name) => ({ name, file, line }));
}
