import type { SettingsReport } from "../../protocol/settings.ts";
import { visible } from "../../protocol/visible.ts";
import type { Command } from "../command.ts";
import { parseOptions, takeWords } from "../command.ts";
import { print, printJson } from "../console.ts";
import { parseSettingName, parseSettingValue, settingText } from "../control/settings.ts";
import { reachDaemon } from "../daemon-script.ts";
import { choose } from "../subcommands.ts";
import { table } from "../table.ts";

export const command: Command = {
  help: `Show and change the daemon's settings.

Usage: hostrun config [list] [--json]
       hostrun config get NAME
       hostrun config set NAME VALUE
       hostrun config unset NAME

The list says where each value comes from: its default, config.json, the environment
(HOSTRUN_*) or a flag of the daemon. Times are in milliseconds, sizes in bytes.
set and unset change config.json; what the environment or a flag says goes before it.
`,
  run: (args) => choose(args, { list, get, set, unset }),
};

async function list(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseOptions(args, { json: { type: "boolean" } });
  takeWords(positionals);
  await using daemon = await reachDaemon();
  const report = await daemon.call("getSettings");
  if (values.json === true) printJson(report);
  else {
    const rows = Object.entries(report.values).map(([name, value]) => [
      name,
      settingText(value),
      report.sources[name] ?? "default",
    ]);
    print(table(["NAME", "VALUE", "FROM"], rows));
  }
  return 0;
}

async function get(args: readonly string[]): Promise<number> {
  const [word] = takeWords(parseOptions(args, {}).positionals, "NAME");
  const name = parseSettingName(word);
  await using daemon = await reachDaemon();
  print(`${visible(valueOf(await daemon.call("getSettings"), name))}\n`);
  return 0;
}

async function set(args: readonly string[]): Promise<number> {
  const [word, text] = takeWords(parseOptions(args, {}).positionals, "NAME", "VALUE");
  const name = parseSettingName(word);
  return change(name, parseSettingValue(name, text));
}

async function unset(args: readonly string[]): Promise<number> {
  const [word] = takeWords(parseOptions(args, {}).positionals, "NAME");
  return change(parseSettingName(word), null);
}

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
