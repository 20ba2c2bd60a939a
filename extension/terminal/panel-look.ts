import * as vscode from "vscode";
import type { PanelLabels, ToPanel } from "../../protocol/panel.ts";
import { panelLabels } from "../../protocol/panel-labels.ts";

export type Look = Extract<ToPanel, { type: "look" }>["look"];

/** The settings that `panelLook` reads. */
const lookSections = [
  "hostrun.terminal",
  "terminal.integrated.fontFamily",
  "terminal.integrated.fontSize",
  "terminal.integrated.lineHeight",
  "editor.fontFamily",
  "editor.accessibilitySupport",
  "workbench.reduceMotion",
] as const;

/** Cached: reading the settings and translating take milliseconds, which would delay the first output of a run. */
const kept: { look?: Look | undefined; labels?: PanelLabels } = {};

/** Whether a change of the settings affects how runs look; every change must be passed to it. */
export function isOtherLook(event: vscode.ConfigurationChangeEvent): boolean {
  const isOther = lookSections.some((section) => event.affectsConfiguration(section));
  if (isOther) kept.look = undefined;
  return isOther;
}

/** The appearance of runs' output: as in VS Code's own terminal, as far as that is configured. */
export function panelLook(): Look {
  kept.look ??= readLook();
  return kept.look;
}

function readLook(): Look {
  const terminal = vscode.workspace.getConfiguration("terminal.integrated");
  const editor = vscode.workspace.getConfiguration("editor");
  const workbench = vscode.workspace.getConfiguration("workbench");
  const own = vscode.workspace.getConfiguration("hostrun.terminal");
  return {
    fontFamily: terminal.get("fontFamily", "") || editor.get("fontFamily", "monospace"),
    fontSize: positive(terminal.get("fontSize"), 14),
    lineHeight: positive(terminal.get("lineHeight"), 1),
    scrollback: Math.round(positive(own.get("scrollback"), 10_000)),
    screenReader: editor.get("accessibilitySupport") === "on",
    reducedMotion: workbench.get("reduceMotion") === "on",
  };
}

/** Every text of the panel, in the user's language. */
export function translatedPanelLabels(): PanelLabels {
  kept.labels ??= Object.fromEntries(
    Object.entries(panelLabels).map(([key, text]) => [key, vscode.l10n.t(text)]),
  );
  return kept.labels;
}

function positive(value: unknown, otherwise: number): number {
  return typeof value === "number" && value > 0 ? value : otherwise;
}
