import { resolve } from "node:path";
import type { ImportResult } from "../../protocol/host.ts";
import { visible } from "../../protocol/visible.ts";
import type { Command } from "../command.ts";
import { parseOptions, takeWords } from "../command.ts";
import { reachDaemon } from "../daemon-script.ts";
import { formatOptions, parseFormat, showOne } from "../format.ts";
import { hostTable } from "./describe.ts";

export const importHosts: Command = {
  help: `Save the hosts of an SSH config file.

Usage: hostrun hosts import [OPTION...]

  --path FILE  of this file instead of ~/.ssh/config
  --dry-run    only show what would be imported
  --json       as JSON
`,
  async run(args) {
    const { values, positionals } = parseOptions(args, {
      path: { type: "string" },
      "dry-run": { type: "boolean" },
      json: formatOptions.json,
    });
    takeWords(positionals);
    await using daemon = await reachDaemon();
    const result = await daemon.call("importHosts", {
      body: {
        source: "ssh_config",
        dryRun: values["dry-run"] ?? false,
        ...(values.path === undefined ? {} : { path: resolve(values.path) }),
      },
    });
    showOne(parseFormat(values), result, () => importText(result));
    return 0;
  },
};

function importText({ imported, skipped, dryRun }: ImportResult): string {
  const count = imported.length;
  const verb = dryRun ? "would be imported" : count === 1 ? "was imported" : "were imported";
  return [
    count === 0 ? "" : hostTable(imported),
    ...skipped.map(({ name, reason }) => `Skipped ${visible(name)}: ${visible(reason)}.\n`),
    `${count} ${count === 1 ? "host" : "hosts"} ${verb}.\n`,
  ].join("");
}
