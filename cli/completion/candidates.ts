import type { Daemon } from "../../client/daemon.ts";
import { findCalled } from "../called.ts";
import type { Command } from "../command.ts";
import { commands, shorthands } from "../commands.ts";
import { runFilterWords } from "../../protocol/run-search.ts";

/** More than anyone reads. */
const maxCandidates = 1000;

/** Placeholders for names that only the daemon knows. */
type NameKind = "hosts" | "targets" | "filters";

const namesOf: Readonly<Record<string, NameKind>> = {
  run: "targets",
  targets: "targets",
  "hosts show": "hosts",
  "hosts edit": "hosts",
  "hosts remove": "hosts",
  "hosts test": "hosts",
  "hosts login": "hosts",
  "hosts export": "hosts",
  "keys install": "hosts",
  history: "filters",
  "history list": "filters",
};

const fixedWords: Readonly<Record<string, readonly string[]>> = {
  completion: ["bash", "zsh", "fish"],
  show: ["last"],
  diff: ["last"],
  "history pin": ["last"],
  "history unpin": ["last"],
  "history note": ["last"],
  "history export": ["last"],
  "history forget": ["last"],
  attach: ["last"],
  cancel: ["last"],
  "jobs show": ["last"],
  "jobs groups": ["last"],
  "jobs cancel": ["last"],
  "jobs rerun": ["last"],
};

/**
 * Completes the last of the words after `hostrun`. `daemon` finds a running daemon but does not start one; rejects as
 * it does when a name is needed.
 */
export async function candidates(words: readonly string[], daemon: () => Promise<Daemon>): Promise<string[]> {
  const last = words.at(-1) ?? "";
  const found = await candidatesFor(words, daemon);
  // A newline would split one candidate in two.
  const fitting = [...new Set(found)].filter((word) => word.startsWith(last) && !/\p{Cc}/u.test(word));
  return fitting.slice(0, maxCandidates);
}

async function candidatesFor(
  words: readonly string[],
  daemon: () => Promise<Daemon>,
): Promise<readonly string[]> {
  const [first = "", second] = words;
  if (second === undefined) return [...Object.keys(commands), ...Object.keys(shorthands), "help"];
  const entry = Object.hasOwn(commands, first) ? (await commands[first]?.load())?.command : undefined;
  if (entry !== undefined && "subcommands" in entry && words.length === 2 && !second.startsWith("-")) {
    const filters = entry.listTakesWords === true ? await candidatesOf([first], { words, daemon }) : [];
    return [...Object.keys(entry.subcommands), ...filters];
  }
  return candidatesOf(words.slice(0, -1), { words, daemon });
}

async function candidatesOf(called: readonly string[], line: Line): Promise<readonly string[]> {
  const command = await findCalled(called).catch(() => undefined);
  return command === undefined ? [] : ofCommand(command.name, command.command, line);
}

interface Line {
  readonly words: readonly string[];
  readonly daemon: () => Promise<Daemon>;
}

async function ofCommand(
  name: string,
  { help }: Command,
  { words, daemon }: Line,
): Promise<readonly string[]> {
  const [before = "", last = ""] = words.slice(-2);
  // The words after `--` are the remote command.
  if (words.slice(0, -1).includes("--")) return [];
  if (last.startsWith("-"))
    return [...help.matchAll(/(?:^|[\s[])(--[a-z][a-z-]+)/gm)].map(([, option = ""]) => option);
  if (before === "--host") return names("hosts", last, daemon);
  if (takesValue(before, help)) return [];
  const kind = Object.hasOwn(namesOf, name) ? namesOf[name] : undefined;
  if (kind !== undefined) return names(kind, last, daemon);
  return Object.hasOwn(fixedWords, name) ? (fixedWords[name] ?? []) : [];
}

async function names(kind: NameKind, last: string, find: () => Promise<Daemon>): Promise<readonly string[]> {
  if (kind === "filters") {
    // Most candidates need no daemon.
    const hosts = await names("hosts", last, find).catch(() => []);
    return [...runFilterWords, ...hosts.map((name) => `host:${name}`)];
  }
  const daemon = await find();
  const { items } = await daemon.call("listHosts", { signal: AbortSignal.timeout(answerMs) });
  const hosts = items.map(({ name }) => name);
  if (kind === "hosts") return hosts;
  const tags = items.flatMap((host) => host.tags.map((tag) => `tag:${tag}`));
  const groups = items.flatMap(({ group }) => withParents(group).map((path) => `group:${path}`));
  const targets = [...hosts, ...tags.toSorted(), ...groups.toSorted(), "all"];
  // Excluded targets are written like included ones.
  return last.startsWith("!") ? targets.map((target) => `!${target}`) : targets;
}

/** Whether an option takes a value according to the help: `--cwd DIR`. */
function takesValue(option: string, help: string): boolean {
  return /^--?[a-z][a-z-]*$/.test(option) && new RegExp(`(?:^|[\\s,[])${option} [A-Z]`, "m").test(help);
}

/** A person who waits longer than this for a name types it instead. */
export const answerMs = 1500;

/** Returns `a/b` as `a` and `a/b`. */
function withParents(group: string | null): string[] {
  const parts = group?.split("/") ?? [];
  return parts.map((_, at) => parts.slice(0, at + 1).join("/"));
}
