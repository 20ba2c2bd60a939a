import type { Command } from "../command.ts";
import { print } from "../console.ts";
import { parseStopOptions, stopDaemon } from "../control/stop.ts";

export const command: Command = {
  help: `Stop the daemon.

Usage: hostrun stop [--drain] [--force]

  --drain  take no new runs, and wait until those that there are have ended
  --force  kill it when it does not stop by itself
`,
  async run(args) {
    const options = parseStopOptions(args);
    const pid = await stopDaemon(options);
    print(pid === undefined ? "The daemon was not running.\n" : `The daemon (process ${pid}) has stopped.\n`);
    return 0;
  },
};
