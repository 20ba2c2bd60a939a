import type { Command } from "../command.ts";
import { parseOptions, takeWords } from "../command.ts";
import { reachDaemon } from "../daemon-script.ts";
import { formatHelp, formatOptions, parseFormat, showOne } from "../format.ts";
import { describeSnippet } from "./describe.ts";

export const show: Command = {
  help: `Show a snippet.

Usage: hostrun snippets show NAME [OPTION...]

${formatHelp}`,
  async run(args) {
    const { values, positionals } = parseOptions(args, formatOptions);
    const [snippet] = takeWords(positionals, "NAME");
    const format = parseFormat(values);
    await using daemon = await reachDaemon();
    const found = await daemon.call("getSnippet", { params: { snippet } });
    showOne(format, found, () => describeSnippet(found));
    return 0;
  },
};
