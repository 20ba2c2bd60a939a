import type { Command } from "../command.ts";
import { parseOptions, takeWords } from "../command.ts";
import { warn } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";
import { formatHelp, formatOptions, parseFormat, showAll } from "../format.ts";
import { table } from "../table.ts";

export const list: Command = {
  help: `List the snippets.

Usage: hostrun snippets [list] [OPTION...]

${formatHelp}`,
  async run(args) {
    const { values, positionals } = parseOptions(args, formatOptions);
    takeWords(positionals);
    const format = parseFormat(values);
    await using daemon = await reachDaemon();
    const { items } = await daemon.call("listSnippets");
    if (items.length === 0) warn("There are no snippets. `hostrun snippets add NAME -- COMMAND` keeps one.");
    showAll(format, items, () => {
      const rows = items.map(({ name, inputs, description, command }) => [
        name,
        inputs.map((input) => input.name).join(" "),
        description === "" ? command : description,
      ]);
      return items.length === 0 ? "" : table(["NAME", "INPUTS", "ABOUT"], rows);
    });
    return 0;
  },
};
