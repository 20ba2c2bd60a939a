import * as vscode from "vscode";
import type * as z from "zod";
import { refusedFields } from "../../protocol/invalid-request.ts";
import { defaultSettings, Settings, SettingsPatch } from "../../protocol/settings.ts";
import type { ProblemReport } from "../problem-report.ts";
import { HandedSettings, type Memory } from "./handed-settings.ts";
import type { DaemonLink } from "./link.ts";

const names = Object.keys(defaultSettings);

/**
 * Passes the daemon's settings that the user has set in VS Code on to it. Those that were never set here are left
 * alone: config.json may contain them.
 */
export function followSettings(
  link: DaemonLink,
  report: ProblemReport,
  { log, memory }: { readonly log: vscode.LogOutputChannel; readonly memory: Memory },
): vscode.Disposable {
  const handed = new HandedSettings(memory);
  const send = (patch: Record<string, unknown>): Promise<void> | undefined => {
    if (Object.keys(patch).length === 0) return undefined;
    return report.attempt(vscode.l10n.t("The settings could not be handed to the daemon"), () =>
      sendSettings({ link, handed, log }, patch),
    );
  };
  return vscode.Disposable.from(
    link.onDidChangeState((state) => {
      if (state.kind === "connected") void send(explicitSettings());
    }),
    vscode.workspace.onDidChangeConfiguration((event) => {
      const changed = names.filter((name) => event.affectsConfiguration(`hostrun.${name}`));
      if (changed.length === 0 || link.state.kind !== "connected") return;
      const explicit = explicitSettings();
      // null resets a setting that was removed here to its default.
      void send(Object.fromEntries(changed.map((name) => [name, explicit[name] ?? null])));
    }),
  );
}

function explicitSettings(): Record<string, unknown> {
  const configuration = vscode.workspace.getConfiguration("hostrun");
  const entries = names.map((name) => [name, configuration.inspect<unknown>(name)?.globalValue] as const);
  const set = entries.filter(([, value]) => value !== undefined);
  // The settings editor cannot write null: an empty field means it.
  return Object.fromEntries(set.map(([name, value]) => [name, value === "" ? null : value]));
}

interface Sending {
  readonly link: DaemonLink;
  readonly handed: HandedSettings;
  readonly log: vscode.LogOutputChannel;
}

async function sendSettings({ link, handed, log }: Sending, wanted: Record<string, unknown>): Promise<void> {
  const { values, sources } = await link.call("getSettings");
  const now: Record<string, unknown> = Settings.parse(values);
  const place = link.places.directory;
  const isThere = (name: string, value: unknown): boolean =>
    JSON.stringify(now[name]) === JSON.stringify(value) ||
    handed.has(place, name, { value, shown: now[name] });
  const patch: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(wanted)) {
    const source = sources[name];
    if (source === "environment" || source === "flag") {
      log.warn(`hostrun.${name} has no effect: the daemon was started with another value (${source})`);
    } else if (!isThere(name, value)) patch[name] = value;
  }
  if (Object.keys(patch).length === 0) return;
  const report = await link.call("updateSettings", { body: parsePatch(patch) });
  const after: Record<string, unknown> = Settings.parse(report.values);
  for (const [name, value] of Object.entries(patch)) {
    const shown = after[name];
    // A secret is never returned; without this it would look like another value, and be sent at each start.
    if (value !== null && shown !== value) await handed.remember(place, name, { value, shown });
  }
  log.info(`Settings handed to the daemon: ${Object.keys(patch).join(", ")}`);
}

function parsePatch(patch: Record<string, unknown>): z.infer<typeof SettingsPatch> {
  const parsed = SettingsPatch.safeParse(patch);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => ({
    path: `hostrun.${path.join(".")}`,
    message,
  }));
  throw refusedFields(issues, "Some settings are not valid.");
}
