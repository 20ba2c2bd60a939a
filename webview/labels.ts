import { jobPanelWords } from "../protocol/job-panel-labels.ts";
import { panelWords } from "../protocol/panel-labels.ts";
import type { PanelWords } from "../protocol/panel.ts";

const english = { ...panelWords, ...jobPanelWords };
type Word = keyof typeof english;
let translated: PanelWords = {};

/** Takes the words of a message; what it leaves out stays English. */
export function useWords(words: PanelWords): void {
  translated = words;
}

/** A text for the person, with `{0}`, `{1}` filled in. */
export function word(key: Word, ...values: (string | number)[]): string {
  const text = (Object.hasOwn(translated, key) ? translated[key] : undefined) ?? english[key];
  return text.replace(/\{(\d)\}/g, (hole, index) => String(values[Number(index)] ?? hole));
}
