import type { Daemon } from "../client/daemon.ts";
import type { Command } from "./command.ts";
import { parseOptions, takeWords } from "./command.ts";
import { warn } from "./console.ts";
import { reachDaemon } from "./daemon-script.ts";
import { formatOptions, parseFormat, showAll } from "./format.ts";

interface Listing<Item extends object> {
  readonly help: string;
  readonly read: (daemon: Daemon) => Promise<{ readonly items: readonly Item[] }>;
  /** The message for an empty list. */
  readonly none: string;
  readonly text: (items: readonly Item[]) => string;
}

/** A command that lists all of the daemon's items of one kind, in the formats of `formatOptions`. */
export function listing<Item extends object>({ help, read, none, text }: Listing<Item>): Command {
  return {
    help,
    async run(args) {
      const { values, positionals } = parseOptions(args, formatOptions);
      takeWords(positionals);
      const format = parseFormat(values);
      await using daemon = await reachDaemon();
      const { items } = await read(daemon);
      if (items.length === 0) warn(none);
      showAll(format, items, () => text(items));
      return 0;
    },
  };
}
