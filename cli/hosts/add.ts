import { visible } from "../../protocol/visible.ts";
import type { Command } from "../command.ts";
import { parseOptions, takeWords, UsageError } from "../command.ts";
import { reachDaemon } from "../daemon-script.ts";
import { formatHelp, formatOptions, parseFormat, showOne } from "../format.ts";
import { fieldHelp, fieldNames, fieldOptions, parseAddress, parseFields } from "./fields.ts";

export const add: Command = {
  help: `Add a host.

Usage: hostrun hosts add NAME [[USER@]ADDRESS[:PORT]] [OPTION...]

Without an address the name is the address.

${fieldHelp}${formatHelp}`,
  optionNames: fieldNames,
  async run(args) {
    const { values, positionals } = parseOptions(args, { ...fieldOptions, ...formatOptions });
    const [name, address] = takeWords(positionals, "NAME", "ADDRESS?");
    const format = parseFormat(values);
    const parts = address === undefined ? {} : parseAddress(address);
    const repeated = Object.keys(parts).find((part) => Object.hasOwn(values, part));
    if (repeated !== undefined)
      throw new UsageError(
        `"${address}" and --${repeated} cannot be used together: both set the ${repeated}.`,
      );
    const fields = { ...parts, ...parseFields(values) };
    const body = { ...fields, name, address: fields.address ?? name };
    await using daemon = await reachDaemon();
    const host = await daemon.call("createHost", { body });
    const shown = visible(host.name);
    showOne(format, host, () => `Added ${shown}. Try: hostrun run ${shown} uptime\n`);
    return 0;
  },
};
