import type { Key } from "../../protocol/key.ts";
import { formatHelp } from "../format.ts";
import { listing } from "../listing.ts";
import { table } from "../table.ts";
import { agentQuery } from "./find.ts";

export const list = listing({
  help: `List the SSH keys of ~/.ssh and of the SSH agent.

Usage: hostrun keys [list] [OPTION...]

${formatHelp}`,
  read: (daemon) => daemon.call("listKeys", { query: agentQuery() }),
  none: "There are no SSH keys. `hostrun keys make` makes one.",
  text: keyTable,
});

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
