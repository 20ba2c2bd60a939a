import { spawn } from "node:child_process";
import { constants } from "node:os";
import { daemonFlags } from "../../client/daemon-flags.ts";
import { defaultSettings } from "../../protocol/settings.ts";
import type { Command } from "../command.ts";
import { parseOptions, takeWords } from "../command.ts";
import { daemonRuntime, daemonScript } from "../daemon-script.ts";

export const command: Command = {
  help: `Run the daemon in the foreground, with its log on stderr; Ctrl-C stops it.

Usage: hostrun daemon [OPTION...]

The options are --state-dir DIR and the settings, e.g. --log-level debug.
\`hostrun start\` runs it in the background.
`,
  run(args) {
    takeWords(parseOptions(args, daemonOptions()).positionals);
    const child = spawn(daemonRuntime(), [...daemonFlags, daemonScript, ...args], { stdio: "inherit" });
    // Ctrl-C reaches the child without this, since both are in the terminal's foreground process group; a second
    // signal would kill it in the middle of a clean stop.
    const forward = (signal: NodeJS.Signals): void => {
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    };
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
    for (const signal of signals) process.on(signal, forward);
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (code, signal) => {
        for (const name of signals) process.off(name, forward);
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
      });
    });
  },
};

/** The options of the daemon itself: the state directory, and every setting. */
function daemonOptions(): Record<string, { type: "string" }> {
  const names = Object.keys(defaultSettings).map((name) =>
    name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
  );
  return Object.fromEntries(["state-dir", ...names].map((name) => [name, { type: "string" }]));
}
