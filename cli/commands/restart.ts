import { checkStart } from "../../client/check-start.ts";
import { isDamaged } from "../../client/damaged-discovery.ts";
import { openDaemon } from "../../client/daemon.ts";
import { isOlder } from "../../client/is-older.ts";
import { placesIn } from "../../client/places.ts";
import { startedWith, withoutOption } from "../../client/started-with.ts";
import { version } from "../../package.json";
import { joinPath } from "../../protocol/places.ts";
import { Problem } from "../../protocol/problem.ts";
import { visible } from "../../protocol/visible.ts";
import type { Command } from "../command.ts";
import { print, warn } from "../console.ts";
import { parseOptions, refuseTogether, takeWords } from "../command.ts";
import { readEntries } from "../control/config-file.ts";
import { settingText } from "../control/settings.ts";
import { stopDaemon, stopOptions } from "../control/stop.ts";
import { daemonRuntime, daemonScript } from "../daemon-script.ts";
import { isAt, listenArguments, placeOn, startDaemon } from "./start.ts";

export const command: Command = {
  help: `Stop the daemon, if it runs, and start it again with the options that it was started with.

Usage: hostrun restart [OPTION...]

  --drain           wait until the runs that there are have ended
  --force           kill it when it does not stop by itself
  --listen ADDRESS  listen on TCP as well, as \`hostrun start\` has it
  --no-listen       not on TCP, even if config.json or HOSTRUN_LISTEN has an address
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
    const listen = values["no-listen"] === true ? null : values.listen;
    const other = listen === null ? otherAddress() : undefined;
    const daemonArguments = nextArguments(present?.startedWith ?? [], listen, other !== undefined);
    await checkStart({ places: placesIn(), daemonScript, daemonRuntime: daemonRuntime(), daemonArguments });
    await stopDaemon({ drain: values.drain ?? false, force: values.force ?? false });
    const { url } = await startDaemon(daemonArguments);
    requirePlace(url, listen);
    if (other !== undefined)
      print(`${other.still}, for a daemon that is started without --no-listen.${other.remedy}\n`);
    return 0;
  },
};

/** An address; null: on no TCP address; undefined: as before. */
type Listen = string | null | undefined;

/** `isElsewhere`: whether an address is set in another way, over which a flag has to take precedence. */
function nextArguments(before: readonly string[], listen: Listen, isElsewhere: boolean): string[] {
  if (listen === undefined) return [...before];
  const others = withoutOption(before, "--listen");
  if (listen !== null) return [...others, ...listenArguments(listen)];
  return isElsewhere ? [...others, "--listen", "null"] : others;
}

/** What would have a daemon listen on TCP without any option; undefined if nothing does. */
function otherAddress(): { readonly still: string; readonly remedy: string } | undefined {
  const variable = process.env["HOSTRUN_LISTEN"];
  if (variable !== undefined && variable !== "")
    return { still: `HOSTRUN_LISTEN still is ${visible(variable)}`, remedy: "" };
  const listen = readEntries(joinPath(process.platform, placesIn().directory, "config.json"))?.["listen"];
  if (listen === undefined || listen === null) return undefined;
  return {
    still: `config.json still has \`listen\` ${visible(settingText(listen))}`,
    remedy: " `hostrun config unset listen` takes it out.",
  };
}

/** Throws `conflict` if the daemon was started by something else, without the options that were given. */
function requirePlace(url: string | null, listen: Listen): void {
  if (listen === undefined || (listen === null ? url === null : isAt(url, listen))) return;
  const lasting = listen === null ? "unset listen" : `set listen ${listen}`;
  throw new Problem(
    "conflict",
    `The daemon was started by something else, such as its service, and ${placeOn(url)}. ` +
      `\`hostrun config ${lasting}\` and then \`hostrun restart\` change that.`,
  );
}

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
