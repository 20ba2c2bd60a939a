import { checkStart } from "../../client/check-start.ts";
import { isDamaged } from "../../client/damaged-discovery.ts";
import { openDaemon } from "../../client/daemon.ts";
import { isOlder } from "../../client/is-older.ts";
import { placesIn } from "../../client/places.ts";
import { startedWith, withoutOption } from "../../client/started-with.ts";
import { version } from "../../package.json";
import { Problem } from "../../protocol/problem.ts";
import type { Command } from "../command.ts";
import { warn } from "../console.ts";
import { parseOptions, refuseTogether, takeWords } from "../command.ts";
import { stopDaemon, stopOptions } from "../control/stop.ts";
import { daemonRuntime, daemonScript } from "../daemon-script.ts";
import { listenArguments, startDaemon } from "./start.ts";

export const command: Command = {
  help: `Stop the daemon, if it runs, and start it again with the options that it was started with.

Usage: hostrun restart [OPTION...]

  --drain           wait until the runs that there are have ended
  --force           kill it when it does not stop by itself
  --listen ADDRESS  listen on TCP as well, as \`hostrun start\` has it
  --no-listen       not any more
  --downgrade       also in place of a daemon of a newer version
`,
  async run(args) {
    const { values, positionals } = parseOptions(args, {
      ...stopOptions,
      listen: { type: "string" },
      "no-listen": { type: "boolean" },
      downgrade: { type: "boolean" },
    });
    takeWords(positionals);
    refuseTogether(values, "listen", "no-listen");
    listenArguments(values.listen);
    const present = await lookAtPresent();
    if (present !== undefined && isOlder(version, present.version) && values.downgrade !== true) {
      throw wouldBeOlder(present.version);
    }
    const before = present?.startedWith ?? [];
    const changes = values.listen !== undefined || values["no-listen"] === true;
    const kept = changes ? withoutOption(before, "--listen") : before;
    const daemonArguments = [...kept, ...listenArguments(values.listen)];
    await checkStart({ places: placesIn(), daemonScript, daemonRuntime: daemonRuntime(), daemonArguments });
    await stopDaemon({ drain: values.drain ?? false, force: values.force ?? false });
    return startDaemon(values.listen, kept);
  },
};

interface Present {
  readonly version: string;
  readonly startedWith: readonly string[];
}

/** Describes the running daemon; undefined if none answers, in which case `stopDaemon` reports why. */
async function lookAtPresent(): Promise<Present | undefined> {
  try {
    await using daemon = await openDaemon({ keepConnections: false });
    return { version: daemon.health.version, startedWith: await startedWith(daemon) };
  } catch (error) {
    if (isDamaged(error))
      warn("The options that the daemon was started with, such as --listen, are not known. Give them again.");
    return undefined;
  }
}

function wouldBeOlder(newer: string): Problem {
  return new Problem(
    "conflict",
    `The daemon is of version ${newer}, and this is ${version}, which would put an older one in its place. ` +
      "Restart it from there, update this Hostrun, or say --downgrade.",
  );
}
