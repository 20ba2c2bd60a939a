import type { Command, CommandGroup } from "./command.ts";
import { unknown } from "./command.ts";
import { commands, shorthands } from "./commands.ts";

/** The command that a command line names. */
export interface Called {
  /** The words that name it, e.g. "hosts add". */
  readonly name: string;
  readonly help: string;
  readonly command: Command;
  /** The words after the name. */
  readonly args: readonly string[];
}

/** As in a shell's `ls` and `rm`. */
const synonyms = new Map([
  ["ls", "list"],
  ["rm", "remove"],
]);

/** Finds the command that the first words name. Throws a UsageError if there is none. */
export async function findCalled([first = "", ...rest]: readonly string[]): Promise<Called> {
  const whole = Object.hasOwn(shorthands, first) ? shorthands[first] : undefined;
  if (whole !== undefined) return findCalled([...whole, ...rest]);
  const entry = Object.hasOwn(commands, first) ? commands[first] : undefined;
  if (entry === undefined) {
    throw unknown(first.startsWith("-") ? "option" : "command", first, [
      ...Object.keys(commands),
      ...Object.keys(shorthands),
      "help",
      "--help",
      "--version",
    ]);
  }
  const { command } = await entry.load();
  if (!("subcommands" in command)) return { name: first, help: command.help, command, args: rest };
  return calledIn(first, command, rest);
}

function calledIn(group: string, called: CommandGroup, words: readonly string[]): Called {
  const { help, subcommands, listTakesWords = false } = called;
  const [word, ...args] = words;
  const list = { name: group, help, command: subcommands.list, args: words };
  if (word === undefined || word.startsWith("-")) return list;
  const name = synonyms.get(word) ?? word;
  const command = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined;
  if (command === undefined && listTakesWords) return list;
  if (command === undefined) throw unknown("command", word, Object.keys(subcommands), `${group} `);
  return { name: `${group} ${name}`, help: command.help, command, args };
}
