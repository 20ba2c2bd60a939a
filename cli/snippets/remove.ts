import { visible } from "../../protocol/visible.ts";
import type { Command } from "../command.ts";
import { parseOptions, takeWords } from "../command.ts";
import { print } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";

export const remove: Command = {
  help: `Remove a snippet.

Usage: hostrun snippets remove NAME
`,
  async run(args) {
    const [snippet] = takeWords(parseOptions(args, {}).positionals, "NAME");
    await using daemon = await reachDaemon();
    await daemon.call("deleteSnippet", { params: { snippet } });
    print(`Removed ${visible(snippet)}.\n`);
    return 0;
  },
};
