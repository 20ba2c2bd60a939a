import { visible } from "../../protocol/visible.ts";
import type { Command } from "../command.ts";
import { parseOptions, takeWords, UsageError } from "../command.ts";
import { print } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";

export const remove: Command = {
  help: `Remove a snippet.

Usage: hostrun snippets remove NAME
`,
  async run(args) {
    const [snippet] = takeWords(parseOptions(args, {}).positionals, "NAME");
    await using daemon = await reachDaemon();
    const { name } = await daemon.call("getSnippet", { params: { snippet } });
    if (name !== snippet) {
      throw new UsageError(
        `There is no snippet named ${visible(snippet)}. The one of this id is ${visible(name)}: remove it by its name.`,
      );
    }
    await daemon.call("deleteSnippet", { params: { snippet } });
    print(`Removed ${visible(snippet)}.\n`);
    return 0;
  },
};
