import type { Command } from "../command.ts";
import { parseStopOptions, stopDaemon } from "../control/stop.ts";
import { command as start } from "./start.ts";

export const command: Command = {
  help: `Stop the daemon, if it runs, and start it again.

Usage: hostrun restart [--drain] [--force]

  --drain  wait until the runs that there are have ended
  --force  kill it when it does not stop by itself
`,
  async run(args) {
    const options = parseStopOptions(args);
    await stopDaemon(options);
    return start.run([]);
  },
};
