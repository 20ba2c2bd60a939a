/**
 * Characters that a terminal, a log or an editor interprets or does not show: control characters, lone surrogates,
 * line and paragraph separators, and characters that have no width or reorder the text (bidirectional marks,
 * zero-width characters). Emoji variation selectors (U+FE0E, U+FE0F) are exempt.
 */
export const unseen = (): RegExp =>
  /(?![\ufe0e\ufe0f])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
/**
 * Characters as a person counts them: with their combining marks and skin tones, and flags as one. Intl.Segmenter
 * takes 30 ms to load.
 */
const characters = (): RegExp => /\p{RI}{2}|.[\p{M}\p{EMod}]{0,16}/gsu;
/** Most text is plain ASCII, which is detected in a fraction of the time that compiling the Unicode classes takes. */
const hasOther = /[^ -~]/;
const named: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\u001b": "\\e" };

/** Replaces every character that cannot be seen by an escape: `\n`, `\e`, `\x07`, `\u{202e}`. */
export function visible(text: string): string {
  if (!hasOther.test(text)) return text;
  return text.replaceAll(unseen(), (char) => {
    const code = char.codePointAt(0) ?? 0;
    return named[char] ?? (code < 0x100 ? `\\x${hex(code, 2)}` : `\\u{${hex(code, 4)}}`);
  });
}

/**
 * Makes external text (from a server, an agent, a helper, a file) fit for a message, a log or a terminal: one visible
 * line of at most `maxLength` UTF-16 units, cut between characters, with "…" for what is left out.
 */
export function visibleLine(text: string, maxLength = 200): string {
  const trimmed = text.trim();
  if (trimmed.length <= maxLength) {
    const line = visible(trimmed);
    if (line.length <= maxLength) return line;
  }
  let line = "";
  // Escaping never shortens text; the last character that fits must be complete.
  for (const character of trimmed.slice(0, maxLength + 32).match(characters()) ?? []) {
    const shown = visible(character);
    if (line.length + shown.length >= maxLength) break;
    line += shown;
  }
  return `${line}…`;
}

/** The same for the end of one of Hostrun's own sentences, which adds the full stop. */
export function visibleClause(text: string, maxLength = 200): string {
  return visibleLine(text.replace(/[\s.]+$/, ""), maxLength);
}

/** The same for what a program wrote on several lines, which are joined by "; ". */
export function visibleLines(text: string, maxLength = 200): string {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return visibleLine(lines.filter((line) => line !== "").join("; "), maxLength);
}

/**
 * The same for external text of several lines, without empty lines at either end; of at most `maxLength` UTF-16 units,
 * with "…" for what is left out.
 */
export function visibleText(text: string, maxLength: number): string {
  // Escaping never shortens text.
  const lines = text
    .slice(0, maxLength)
    .replaceAll(/^[\r\n]+|\s+$/g, "")
    .split(/\r?\n/);
  const shown = lines.map((line) => visible(line.replaceAll("\t", "    "))).join("\n");
  const isWhole = text.length <= maxLength && shown.length <= maxLength;
  return isWhole ? shown : `${shown.slice(0, Math.max(0, maxLength - 1))}…`;
}

/** Equivalent JSON text in which every character is visible. */
export function visibleJson(json: string): string {
  if (!/[^\n -~]/.test(json)) return json;
  return json.replaceAll(unseen(), (char) => {
    if (char === "\n") return char;
    const units = Array.from({ length: char.length }, (_, index) => char.charCodeAt(index));
    return units.map((unit) => `\\u${hex(unit, 4)}`).join("");
  });
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}
