import type { Command } from "../command.ts";
import { parseOptions, takeWords } from "../command.ts";
import { print } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";

export const command: Command = {
  help: `Start the daemon in the background, unless it runs already.

Usage: hostrun start

Every other command starts it by itself when it is needed.
`,
  async run(args) {
    takeWords(parseOptions(args, {}).positionals);
    await using daemon = await reachDaemon();
    const { pid, version } = daemon.health;
    print(`Hostrun ${version} is running as process ${pid}, on ${daemon.discovery.socket}\n`);
    return 0;
  },
};
