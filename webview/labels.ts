import { panelWords } from "../protocol/panel-labels.ts";
import type { PanelWord } from "../protocol/panel-labels.ts";
import type { PanelWords } from "../protocol/panel.ts";

let translated: PanelWords = {};

/** Takes the words of a `show` message; what it leaves out stays English. */
export function useWords(words: PanelWords): void {
  translated = words;
}

/** A text for the person, with `{0}`, `{1}` filled in. */
export function word(key: PanelWord, ...values: (string | number)[]): string {
  const text = (Object.hasOwn(translated, key) ? translated[key] : undefined) ?? panelWords[key];
  return text.replace(/\{(\d)\}/g, (hole, index) => String(values[Number(index)] ?? hole));
}
