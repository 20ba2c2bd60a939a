import type { Key } from "../../protocol/key.ts";
import type { Command } from "../command.ts";
import { parseOptions, takeWords } from "../command.ts";
import { warn } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";
import { formatHelp, formatOptions, parseFormat, showAll } from "../format.ts";
import { table } from "../table.ts";
import { agentQuery } from "./find.ts";

export const list: Command = {
  help: `List the SSH keys of ~/.ssh and of the SSH agent.

Usage: hostrun keys [list] [OPTION...]

${formatHelp}`,
  async run(args) {
    const { values, positionals } = parseOptions(args, formatOptions);
    takeWords(positionals);
    const format = parseFormat(values);
    await using daemon = await reachDaemon();
    const { items } = await daemon.call("listKeys", { query: agentQuery() });
    if (items.length === 0) warn("There are no SSH keys. `hostrun keys make` makes one.");
    showAll(format, items, () => (items.length === 0 ? "" : keyTable(items)));
    return 0;
  },
};

function keyTable(keys: readonly Key[]): string {
  const rows = keys.map(({ type, bits, path, fingerprint, comment, ...key }) => [
    bits === null ? type : `${type} ${bits}`,
    path ?? "",
    [...(key.encrypted === true ? ["passphrase"] : []), ...(key.inAgent ? ["in agent"] : [])].join(", "),
    fingerprint,
    comment ?? "",
  ]);
  return table(["TYPE", "FILE", "NOTES", "FINGERPRINT", "COMMENT"], rows);
}
