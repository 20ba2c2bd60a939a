import { openDaemon } from "../../client/daemon.ts";
import { placesIn } from "../../client/places.ts";
import { joinPath } from "../../protocol/places.ts";
import type { SettingsReport } from "../../protocol/settings.ts";
import { readEntries } from "../control/config-file.ts";
import { settingText } from "../control/settings.ts";

/**
 * The commands that write to config.json what the running daemon has only from its flags and its environment, which a
 * service manager does not take over.
 */
export async function settingsToKeep(): Promise<string[]> {
  const report = await runningSettings();
  if (report === undefined) return [];
  const entries = readEntries(joinPath(process.platform, placesIn().directory, "config.json")) ?? {};
  return Object.entries(report.values)
    .filter(([name]) => ["flag", "environment"].includes(report.sources[name] ?? ""))
    .filter(([name, value]) => (entries[name] ?? null) !== value)
    .map(([name, value]) => `hostrun config ${commandFor(name, value)}`);
}

/** undefined if no daemon answers. */
async function runningSettings(): Promise<SettingsReport | undefined> {
  try {
    await using daemon = await openDaemon({ keepConnections: false });
    return await daemon.call("getSettings");
  } catch {
    return undefined;
  }
}

function commandFor(name: string, value: unknown): string {
  if (value === null) return `unset ${name}`;
  // It may be shown without its password, and has characters that shells interpret.
  if (name === "redisUrl") return `set ${name} URL`;
  const text = settingText(value);
  return `set ${name} ${/^[\w.:-]+$/.test(text) ? text : `'${text}'`}`;
}
