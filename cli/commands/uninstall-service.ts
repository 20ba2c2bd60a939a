import { lstatSync, rmSync } from "node:fs";
import type { Command } from "../command.ts";
import { parseOptions, takeWords } from "../command.ts";
import { print } from "../console.ts";
import { runManager, thisService } from "../service/this-service.ts";
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
    if (first !== undefined) runManager(first);
    for (const { path } of there) rmSync(path);
    for (const words of rest) runManager(words);
    print(`Removed: ${there.map(({ path }) => path).join(", ")}.\n`);
    return 0;
  },
};
