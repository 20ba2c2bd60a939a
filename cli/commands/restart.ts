import type { Command } from "../command.ts";
import { parseOptions, takeWords } from "../command.ts";
import { stopDaemon } from "../control/stop.ts";
import { command as start } from "./start.ts";

export const command: Command = {
  help: `Stop the daemon, if it runs, and start it again.

Usage: hostrun restart [--drain] [--force]

  --drain  wait until the runs that there are have ended
  --force  kill it when it does not stop by itself
`,
  async run(args) {
    const { values, positionals } = parseOptions(args, {
      drain: { type: "boolean" },
      force: { type: "boolean" },
    });
    takeWords(positionals);
    await stopDaemon({ drain: values.drain ?? false, force: values.force ?? false });
    return start.run([]);
  },
};
