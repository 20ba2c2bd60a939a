import type { Command } from "../command.ts";
import { parseOptions, takeMany } from "../command.ts";
import { print } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";
import { findRun } from "../runs/find.ts";

export const pin = pinning(true, "Keep runs, whatever historyDays and historyMaxBytes are.");
export const unpin = pinning(false, "Let the history forget pinned runs again when it is time.");

function pinning(pinned: boolean, what: string): Command {
  return {
    help: `${what}

Usage: hostrun history ${pinned ? "pin" : "unpin"} RUN...

RUN is an id of \`hostrun history\`, the beginning of one, or last.
`,
    async run(args) {
      const words = takeMany(parseOptions(args, {}).positionals, "RUN");
      await using daemon = await reachDaemon();
      const runs = [];
      for (const word of words) runs.push(await findRun(daemon, word));
      for (const { id } of runs) {
        await daemon.call("updateRun", { params: { run: id }, body: { pinned } });
        print(`${id} is ${pinned ? "pinned" : "no longer pinned"}.\n`);
      }
      return 0;
    },
  };
}
