import { lstatSync, rmSync } from "node:fs";
import type { Command } from "../command.ts";
import { parseOptions, takeWords } from "../command.ts";
import { print } from "../console.ts";
import { runManager, stopLimitMs, thisService, withOutcome } from "../service/this-service.ts";
import { refuseOther } from "../service/unit-files.ts";

export const command: Command = {
  help: `Undo \`hostrun install-service\`: the daemon is stopped, and started by \`hostrun\` and the editor from then on.

Usage: hostrun uninstall-service
`,
  async run(args) {
    takeWords(parseOptions(args, {}).positionals);
    const { files, uninstall } = thisService();
    const there = files.filter(({ path }) => lstatSync(path, { throwIfNoEntry: false }) !== undefined);
    if (there.length === 0) {
      print("No service is installed.\n");
      return 0;
    }
    refuseOther(there);
    const [first, ...rest] = uninstall;
    let outcome = "Nothing was removed.";
    try {
      if (first !== undefined) await runManager(first, stopLimitMs);
      for (const { path } of there) rmSync(path);
      outcome = `Removed: ${there.map(({ path }) => path).join(", ")}.`;
      for (const words of rest) await runManager(words);
    } catch (failure) {
      throw withOutcome(failure, outcome);
    }
    print(`${outcome}\n`);
    return 0;
  },
};
