import type { Command } from "../command.ts";
import { parseOptions, takeWords } from "../command.ts";
import { reachDaemon } from "../daemon-script.ts";
import { formatHelp, formatOptions, parseFormat, showOne } from "../format.ts";
import { hostSheet } from "./describe.ts";

export const show: Command = {
  help: `Show a host.

Usage: hostrun hosts show NAME [OPTION...]

${formatHelp}`,
  async run(args) {
    const { values, positionals } = parseOptions(args, formatOptions);
    const [name] = takeWords(positionals, "NAME");
    const format = parseFormat(values);
    await using daemon = await reachDaemon();
    const host = await daemon.call("getHost", { params: { host: name } });
    showOne(format, host, () => hostSheet(host));
    return 0;
  },
};
