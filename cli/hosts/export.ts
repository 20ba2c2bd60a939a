import { exportText } from "../../protocol/host-export.ts";
import { type Command, parseOptions, UsageError } from "../command.ts";
import { print } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";
import { writeNew } from "../new-file.ts";

export const exportHosts: Command = {
  help: `Write the saved hosts as JSON, for another machine: all that was set of them, and no secret.
\`hostrun hosts import --from FILE\` reads it. Key files are named, not written.

Usage: hostrun hosts export [NAME...] [--output FILE]

  -o, --output FILE  to this file, which must not be there yet, instead of standard output (-)
`,
  async run(args) {
    const { values, positionals } = parseOptions(args, { output: { type: "string", short: "o" } });
    await using daemon = await reachDaemon();
    const { items } = await daemon.call("listHosts");
    const missing = positionals.filter(
      (name) => !items.some((host) => host.name === name && host.id !== null),
    );
    if (missing.length > 0) {
      throw new UsageError(`No saved host is named ${missing.join(", ")}. \`hostrun hosts\` lists them.`);
    }
    const chosen = items.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
    const text = exportText(chosen);
    const { output } = values;
    if (output === undefined || output === "-") print(text);
    else await writeNew(output, text);
    return 0;
  },
};
