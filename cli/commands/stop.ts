import type { Command } from "../command.ts";
import { parseOptions, takeWords } from "../command.ts";
import { print } from "../console.ts";
import { stopDaemon } from "../control/stop.ts";

export const command: Command = {
  help: `Stop the daemon.

Usage: hostrun stop [--drain] [--force]

  --drain  take no new runs, and wait until those that there are have ended
  --force  kill it when it does not stop by itself
`,
  async run(args) {
    const { values, positionals } = parseOptions(args, {
      drain: { type: "boolean" },
      force: { type: "boolean" },
    });
    takeWords(positionals);
    const pid = await stopDaemon({ drain: values.drain ?? false, force: values.force ?? false });
    print(pid === undefined ? "The daemon was not running.\n" : `The daemon (process ${pid}) has stopped.\n`);
    return 0;
  },
};
