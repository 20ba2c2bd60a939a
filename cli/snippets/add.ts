import { visible } from "../../protocol/visible.ts";
import type { Command } from "../command.ts";
import { parseOptions, takeWords, UsageError } from "../command.ts";
import { reachDaemon } from "../daemon-script.ts";
import { formatHelp, formatOptions, parseFormat, showOne } from "../format.ts";
import { fieldHelp, fieldNames, fieldOptions, parseFields, splitCommand } from "./fields.ts";

const { name: _, ...options } = fieldOptions;

export const add: Command = {
  help: `Keep a command as a snippet.

Usage: hostrun snippets add NAME [OPTION...] -- COMMAND...

${fieldHelp}
${formatHelp}`,
  optionNames: fieldNames,
  async run(args) {
    const { before, command } = splitCommand(args);
    const { values, positionals } = parseOptions(before, { ...options, ...formatOptions });
    const [name] = takeWords(positionals, "NAME");
    if (command === undefined || command === "") throw new UsageError("Give the command behind --.");
    const format = parseFormat(values);
    await using daemon = await reachDaemon();
    const snippet = await daemon.call("createSnippet", { body: { ...parseFields(values), name, command } });
    showOne(
      format,
      snippet,
      () => `Kept ${visible(name)}. Try: hostrun run --snippet ${visible(name)} HOST\n`,
    );
    return 0;
  },
};
