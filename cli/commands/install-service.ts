import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { placesIn } from "../../client/places.ts";
import { makeStateDirectory } from "../../state-directory/trusted-directory.ts";
import type { Command } from "../command.ts";
import { parseOptions, takeWords } from "../command.ts";
import { print } from "../console.ts";
import { stopDaemon } from "../control/stop.ts";
import { tellManager, thisService } from "../service/this-service.ts";

export const command: Command = {
  help: `Have the system's service manager start the daemon when it is needed, and again when it crashed.

Usage: hostrun install-service [--print]

  --print  show the files, and do nothing

On Linux a unit of systemd's user manager with its socket (systemctl --user), on macOS a launch agent, on Windows a
scheduled task; for you alone, and nothing needs root. A daemon that runs is stopped when its runs have ended.
\`hostrun uninstall-service\` undoes it. systemd ends it with your last session unless \`loginctl enable-linger\` says otherwise.
`,
  async run(args) {
    const { values, positionals } = parseOptions(args, { print: { type: "boolean" } });
    takeWords(positionals);
    const { files, install } = thisService();
    if (values.print === true) {
      for (const { path, text } of files) print(`# ${path}\n${text}\n`);
      return 0;
    }
    makeStateDirectory(placesIn().directory);
    for (const { path, text } of files) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text, { mode: 0o644 });
    }
    await stopDaemon({ drain: true, force: false });
    for (const words of install) tellManager(words);
    print(`Installed: ${files.map(({ path }) => path).join(", ")}. The daemon starts when it is needed.\n`);
    return 0;
  },
};
