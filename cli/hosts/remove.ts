import { visible } from "../../protocol/visible.ts";
import type { Command } from "../command.ts";
import { parseOptions, takeWords } from "../command.ts";
import { print } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";

export const remove: Command = {
  help: `Remove a saved host. Its runs stay in the history.

Usage: hostrun hosts remove NAME
`,
  async run(args) {
    const [name] = takeWords(parseOptions(args, {}).positionals, "NAME");
    await using daemon = await reachDaemon();
    await daemon.call("deleteHost", { params: { host: name } });
    print(`Removed ${visible(name)}. Its runs stay in the history.\n`);
    return 0;
  },
};
