import { join } from "node:path";
import { startFault } from "../../client/check-start.ts";
import { placesIn } from "../../client/places.ts";
import { isOfFields } from "../../protocol/invalid-request.ts";
import { Problem } from "../../protocol/problem.ts";
import { defaultSettings, type SettingsReport } from "../../protocol/settings.ts";
import { visible } from "../../protocol/visible.ts";
import { checkStateDirectory } from "../../state-directory/trusted-directory.ts";
import type { Command, CommandGroup } from "../command.ts";
import { parseOptions, takeWords, UsageError } from "../command.ts";
import { print, warn } from "../console.ts";
import { changeEntry, readEntries } from "../control/config-file.ts";
import { parseSettingName, parseSettingValue, settingText } from "../control/settings.ts";
import { daemonRuntime, daemonScript, reachDaemon } from "../daemon-script.ts";
import { formatOptions, parseFormat, showOne } from "../format.ts";
import { table } from "../table.ts";
import { isAt } from "./start.ts";

const list: Command = {
  help: `Show every setting, and where its value comes from.

Usage: hostrun config [list] [--json]
`,
  async run(args) {
    const { values, positionals } = parseOptions(args, { json: formatOptions.json });
    takeWords(positionals);
    await using daemon = await reachDaemon();
    const report = await daemon.call("getSettings");
    showOne(parseFormat(values), report, () => {
      const rows = Object.entries(report.values).map(([name, value]) => [
        name,
        settingText(value),
        report.sources[name] ?? "default",
      ]);
      return table(["NAME", "VALUE", "FROM"], rows);
    });
    return 0;
  },
};

const get: Command = {
  help: `Print the value of a setting.

Usage: hostrun config get NAME
`,
  async run(args) {
    const [word] = takeWords(parseOptions(args, {}).positionals, "NAME");
    const name = parseSettingName(word);
    await using daemon = await reachDaemon();
    print(`${visible(valueOf(await daemon.call("getSettings"), name))}\n`);
    return 0;
  },
};

const set: Command = {
  help: `Change a setting, in config.json.

Usage: hostrun config set NAME VALUE
`,
  async run(args) {
    const [word, text] = takeWords(parseOptions(args, {}).positionals, "NAME", "VALUE");
    const name = parseSettingName(word);
    try {
      return await change(name, parseSettingValue(name, text));
    } catch (failure) {
      // Its only field is the value given here; a setting from elsewhere is refused with its place.
      throw failure instanceof Problem && isOfFields(failure) ? new UsageError(failure.message) : failure;
    }
  },
};

const unset: Command = {
  help: `Take a setting out of config.json, so that its default holds again.

Usage: hostrun config unset NAME

NAME may also be one that this version does not know, where the file has it.
`,
  async run(args) {
    const [word] = takeWords(parseOptions(args, {}).positionals, "NAME");
    const path = configPath();
    const entries = readEntries(path) ?? {};
    const isStray = Object.hasOwn(entries, word) && !Object.hasOwn(defaultSettings, word);
    if (isStray) return changeFile(path, entries, word, null);
    return change(parseSettingName(word), null);
  },
};

export const command: CommandGroup = {
  help: `Show and change the daemon's settings.

Usage: hostrun config [list] [--json]
       hostrun config get NAME
       hostrun config set NAME VALUE
       hostrun config unset NAME

The list says where each value comes from: its default, config.json, the environment
(HOSTRUN_*) or a flag of the daemon. Times are in milliseconds, sizes in bytes; set takes
them with a unit, too: 90s, 5m, 2h, 512M, 2GiB.
set and unset change config.json, even if a setting in it keeps the daemon from starting; the environment
and flags take precedence over it.
`,
  subcommands: { list, get, set, unset },
};

/** Throws `forbidden` if another user could have put the directory there. */
function configPath(): string {
  const { directory } = placesIn();
  checkStateDirectory(directory);
  return join(directory, "config.json");
}

/** Changes a setting through the daemon; directly in the file if none starts. */
async function change(name: string, value: string | number | null): Promise<number> {
  const path = configPath();
  try {
    return await changeByDaemon(name, value);
  } catch (failure) {
    const entries = isNotStarting(failure) ? readEntries(path) : undefined;
    if (entries === undefined || (value === null && !Object.hasOwn(entries, name))) throw failure;
    return changeFile(path, entries, name, value);
  }
}

/** Whether none runs that could be used, and a new one ends at once. */
function isNotStarting(failure: unknown): boolean {
  return failure instanceof Problem && ["died", "would_not_start"].includes(failure.members.reason ?? "");
}

async function changeByDaemon(name: string, value: string | number | null): Promise<number> {
  await using daemon = await reachDaemon();
  const report = await daemon.call("updateSettings", { body: { [name]: value } });
  const source = report.sources[name] ?? "default";
  print(`${name} is ${visible(valueOf(report, name))} (${source}).\n`);
  const note = noteOn(name, value, report, daemon.discovery.url);
  if (note !== undefined) print(`${note}\n`);
  return 0;
}

/** What the setting's new value alone does not say; `url`: the TCP address that the daemon listens on now. */
function noteOn(
  name: string,
  value: string | number | null,
  report: SettingsReport,
  url: string | null,
): string | undefined {
  const source = valueOf(report, name) === settingText(value) ? undefined : report.sources[name];
  if (source === "environment") return "The environment of the daemon takes precedence over config.json.";
  if (source === "flag") {
    return "A flag of the daemon takes precedence over config.json. `hostrun stop`, then `hostrun start`, starts it without its flags.";
  }
  return name === "listen" ? listenNote(report.values.listen, url) : undefined;
}

function listenNote(listen: string | null, url: string | null): string | undefined {
  if (listen === null) {
    if (url === null) return undefined;
    return `The daemon listens on ${new URL(url).host} until it is restarted (\`hostrun restart\`).`;
  }
  if (isAt(url, listen)) return "The daemon listens there already.";
  return "The daemon listens there from its next start on (`hostrun restart`).";
}

async function changeFile(
  path: string,
  entries: Readonly<Record<string, unknown>>,
  name: string,
  value: string | number | null,
): Promise<number> {
  changeEntry(path, entries, name, value);
  const file = visible(path);
  print(
    value === null
      ? `${visible(name)} is no longer in ${file}.\n`
      : `${name} is ${visible(settingText(value))} in ${file}.\n`,
  );
  const why = await startFault({ places: placesIn(), daemonScript, daemonRuntime: daemonRuntime() });
  if (why !== undefined) warn(`The daemon still cannot start: ${why}`);
  return 0;
}

function valueOf({ values }: SettingsReport, name: string): string {
  const entry = Object.entries(values).find(([key]) => key === name);
  return settingText(entry?.[1] ?? null);
}
