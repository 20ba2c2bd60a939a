import { visible } from "../../protocol/visible.ts";
import type { Command } from "../command.ts";
import { parseOptions, takeWords } from "../command.ts";
import { reachDaemon } from "../daemon-script.ts";
import { formatHelp, formatOptions, parseFormat, showOne } from "../format.ts";
import { fieldHelp, fieldNames, fieldOptions, parseFields, splitCommand } from "./fields.ts";

export const edit: Command = {
  help: `Change a snippet: what is given takes the place of what it has.

Usage: hostrun snippets edit NAME [--name NEW] [OPTION...] [-- COMMAND...]

${fieldHelp}
${formatHelp}`,
  optionNames: fieldNames,
  async run(args) {
    const { before, command } = splitCommand(args);
    const { values, positionals } = parseOptions(before, { ...fieldOptions, ...formatOptions });
    const [snippet] = takeWords(positionals, "NAME");
    const format = parseFormat(values);
    const name = values.name === undefined ? {} : { name: values.name };
    const body = { ...parseFields(values), ...name, ...(command === undefined ? {} : { command }) };
    await using daemon = await reachDaemon();
    const changed = await daemon.call("updateSnippet", { params: { snippet }, body });
    showOne(format, changed, () => `Changed ${visible(changed.name)}.\n`);
    return 0;
  },
};
