import type { Command } from "../command.ts";
import { parseOptions, takeWords } from "../command.ts";
import { warn } from "../console.ts";
import { damagedStoreHint } from "../damaged-store.ts";
import { reachDaemon } from "../daemon-script.ts";
import { formatHelp, formatOptions, parseFormat, showAll } from "../format.ts";
import { hostTable } from "./describe.ts";

export const list: Command = {
  help: `List the hosts: those saved, and those of ~/.ssh/config.

Usage: hostrun hosts [list] [OPTION...]

  --search TEXT      with this in name, address, group or tags
${formatHelp}`,
  optionNames: { q: "--search" },
  async run(args) {
    const { values, positionals } = parseOptions(args, { search: { type: "string" }, ...formatOptions });
    takeWords(positionals);
    const format = parseFormat(values);
    await using daemon = await reachDaemon();
    const { search } = values;
    const { items, problems } = await daemon.call("listHosts", {
      query: search === undefined ? {} : { q: search },
    });
    for (const { detail } of problems) warn(detail);
    if (items.length === 0 && problems.length === 0)
      warn(nothingFound(search) + (await damagedStoreHint(daemon)));
    showAll(format, items, () => hostTable(items));
    return 0;
  },
};

function nothingFound(search: string | undefined): string {
  return search === undefined
    ? "No hosts yet, and none found in ~/.ssh/config. Add one with `hostrun hosts add NAME ADDRESS`."
    : `No hosts match "${search}".`;
}
