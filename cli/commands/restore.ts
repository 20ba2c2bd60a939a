import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { resolve } from "node:path";
import { openDaemon } from "../../client/daemon.ts";
import { isNotRunning } from "../../client/discover.ts";
import { placesIn } from "../../client/places.ts";
import { Problem } from "../../protocol/problem.ts";
import { visibleLines } from "../../protocol/visible.ts";
import type { Command } from "../command.ts";
import { parseOptions, takeWords } from "../command.ts";
import { print } from "../console.ts";
import { stopDaemon } from "../control/stop.ts";
import { daemonRuntime, storeTaskScript } from "../daemon-script.ts";
import { askOnTerminal, yesOrNo } from "../prompts/terminal-question.ts";

export const command: Command = {
  help: `Replace the daemon's state with a backup.

Usage: hostrun restore FILE [--stop]

  --stop  stop the daemon if it runs, without asking; commands under way end as unknown

The current state is kept in a folder beside it, whose name is printed. A file is refused if it is not a Hostrun backup, is
incomplete, can be written to by other users or was made by a newer Hostrun, or if there is not enough disk space; nothing
is stopped or changed then. Durable runs restored in another place than their own are only observed: they belong to the
Hostrun that started them.
`,
  async run(args) {
    const { values, positionals } = parseOptions(args, { stop: { type: "boolean" } });
    const [file] = takeWords(positionals, "FILE");
    const source = resolve(file);
    // The backup is complete, and verified, before anything is stopped.
    const draft = storeTask("unpack", source);
    try {
      const pid = await runningPid();
      if (pid !== undefined) {
        if (values.stop !== true && !(await mayStop(pid))) throw stillRuns(pid);
        await stopDaemon({ drain: false, force: false });
      }
      print(`The state is as ${file} has it. The one before is in ${storeTask("restore", draft)}.\n`);
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
    return 0;
  },
};

function storeTask(what: "unpack" | "restore", file: string): string {
  const task = [storeTaskScript, what, placesIn().directory, file];
  const { status, signal, stdout, stderr, error } = spawnSync(daemonRuntime(), task, { encoding: "utf8" });
  if (error !== undefined) throw notRestored(error.message);
  if (status !== 0)
    throw (
      Problem.fromJson(stderr) ?? notRestored(visibleLines(stderr) || `it ended with ${signal ?? status}`)
    );
  return stdout.trim();
}

async function runningPid(): Promise<number | undefined> {
  try {
    await using daemon = await openDaemon({ keepConnections: false });
    return daemon.health.pid;
  } catch (failure) {
    if (isNotRunning(failure)) return undefined;
    throw failure;
  }
}

async function mayStop(pid: number): Promise<boolean> {
  const question = `The daemon (process ${pid}) runs. Stop it, with its commands? [yes/no] `;
  return (await askOnTerminal({ question, again: "Please type yes or no: ", judge: yesOrNo })) === true;
}

function stillRuns(pid: number): Problem {
  return new Problem(
    "conflict",
    `The daemon (process ${pid}) runs. Stop it first (\`hostrun stop --drain\`), or give --stop.`,
  );
}

function notRestored(why: string): Problem {
  return new Problem("internal", `The backup could not be restored: ${why}`);
}
