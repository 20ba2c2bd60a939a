import type { SettingsReport } from "../../protocol/settings.ts";
import { visible } from "../../protocol/visible.ts";
import type { Command, CommandGroup } from "../command.ts";
import { parseOptions, takeWords } from "../command.ts";
import { print } from "../console.ts";
import { parseSettingName, parseSettingValue, settingText } from "../control/settings.ts";
import { reachDaemon } from "../daemon-script.ts";
import { formatOptions, parseFormat, showOne } from "../format.ts";
import { table } from "../table.ts";

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
  run(args) {
    const [word, text] = takeWords(parseOptions(args, {}).positionals, "NAME", "VALUE");
    const name = parseSettingName(word);
    return change(name, parseSettingValue(name, text));
  },
};

const unset: Command = {
  help: `Take a setting out of config.json, so that its default holds again.

Usage: hostrun config unset NAME
`,
  run(args) {
    const [word] = takeWords(parseOptions(args, {}).positionals, "NAME");
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
set and unset change config.json; what the environment or a flag says goes before it.
`,
  subcommands: { list, get, set, unset },
};

async function change(name: string, value: string | number | null): Promise<number> {
  await using daemon = await reachDaemon();
  const report = await daemon.call("updateSettings", { body: { [name]: value } });
  const source = report.sources[name] ?? "default";
  print(`${name} is ${visible(valueOf(report, name))} (${source}).\n`);
  return 0;
}

function valueOf({ values }: SettingsReport, name: string): string {
  const entry = Object.entries(values).find(([key]) => key === name);
  return settingText(entry?.[1] ?? null);
}
