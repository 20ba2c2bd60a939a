import { placesIn } from "../../client/places.ts";
import { makeStateDirectory } from "../../state-directory/trusted-directory.ts";
import type { Command } from "../command.ts";
import { parseOptions, takeWords } from "../command.ts";
import { print, warn } from "../console.ts";
import { stopDaemon } from "../control/stop.ts";
import { refuseLongSocket } from "../service/service.ts";
import { settingsToKeep } from "../service/settings-to-keep.ts";
import { runManager, thisService, tryRunManager, withOutcome } from "../service/this-service.ts";
import { refuseOther, writeUnitFiles } from "../service/unit-files.ts";

export const command: Command = {
  help: `Have the system's service manager start the daemon when it is needed, and again when it crashed.

Usage: hostrun install-service [--print]

  --print  show the files, and do nothing

On Linux a unit of systemd's user manager with its socket (systemctl --user), on macOS a launch agent, on Windows a
scheduled task; for you alone, and nothing needs root. A daemon that runs is stopped when its runs have ended; the
service does not take over its flags (\`--listen\`) and variables: \`hostrun config set NAME VALUE\` makes a setting last.
\`hostrun uninstall-service\` undoes it. systemd ends it with your last session unless \`loginctl enable-linger\` says otherwise.
`,
  async run(args) {
    const { values, positionals } = parseOptions(args, { print: { type: "boolean" } });
    takeWords(positionals);
    const { directory, socket } = placesIn();
    refuseLongSocket(process.platform, socket);
    const { files, install, uninstall } = thisService();
    if (values.print === true) {
      for (const { path, text } of files) print(`# ${path}\n${text}\n`);
      return 0;
    }
    refuseOther(files);
    makeStateDirectory(directory);
    const toKeep = await settingsToKeep();
    const written = writeUnitFiles(files);
    let stopped: number | undefined;
    try {
      // The last command starts the service. The ones before prove that there is a service manager before anything is
      // stopped.
      for (const words of install.slice(0, -1)) await runManager(words);
      stopped = await stopDaemon({ drain: true, force: false });
      for (const words of install.slice(-1)) await runManager(words);
    } catch (failure) {
      if (!written.replaced) await tryRunManager(uninstall);
      written.undo();
      await tryRunManager(install.slice(0, -1));
      const next = stopped === undefined ? "" : " The daemon was stopped; the next command starts it again.";
      throw withOutcome(failure, `The files of the service are as they were before.${next}`);
    }
    print(`Installed: ${files.map(({ path }) => path).join(", ")}. The daemon starts when it is needed.\n`);
    if (toKeep.length > 0) {
      warn(
        "The daemon that ran had settings from its flags or its environment, which the service does not take over. To keep them:",
        ...toKeep.map((line) => `  ${line}`),
      );
    }
    return 0;
  },
};
