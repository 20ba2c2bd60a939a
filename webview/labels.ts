import { jobPanelLabels } from "../protocol/job-panel-labels.ts";
import { fillLabel } from "../protocol/label.ts";
import { panelLabels } from "../protocol/panel-labels.ts";
import type { PanelLabels } from "../protocol/panel.ts";

const english = { ...panelLabels, ...jobPanelLabels };
type LabelKey = keyof typeof english;
let translated: PanelLabels = {};

/** Sets the labels from a message; missing ones stay English. */
export function setLabels(labels: PanelLabels): void {
  translated = labels;
}

/** A label in the user's language, with `{0}`, `{1}` filled in. */
export function label(key: LabelKey, ...values: (string | number)[]): string {
  const text = (Object.hasOwn(translated, key) ? translated[key] : undefined) ?? english[key];
  return fillLabel(text, ...values);
}
