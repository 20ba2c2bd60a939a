import { visible } from "../../protocol/visible.ts";
import type { Command } from "../command.ts";
import { parseOptions, takeWords } from "../command.ts";
import { warn } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";
import { formatHelp, formatOptions, parseFormat, showAll, showOne } from "../format.ts";
import { connectionSheets, hostSheet } from "./describe.ts";

export const show: Command = {
  help: `Show a host.

Usage: hostrun hosts show NAME [OPTION...]

  --connection       what its open connections agreed on: key exchange, cipher, MAC,
                     host key and transport
${formatHelp}`,
  async run(args) {
    const { values, positionals } = parseOptions(args, {
      connection: { type: "boolean" },
      ...formatOptions,
    });
    const [name] = takeWords(positionals, "NAME");
    const format = parseFormat(values);
    await using daemon = await reachDaemon();
    const host = await daemon.call("getHost", { params: { host: name } });
    if (values.connection === true) {
      const { items } = await daemon.call("listConnections");
      const own = items.filter((connection) => connection.host === host.name);
      if (own.length === 0)
        warn(`No connection to ${visible(host.name)} is open. \`hostrun hosts test\` opens one.`);
      showAll(format, own, () => connectionSheets(own));
      return 0;
    }
    showOne(format, host, () => hostSheet(host));
    return 0;
  },
};
