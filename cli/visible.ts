const invisible = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const named: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\u001b": "\\e" };

/**
 * Text that is safe and unambiguous on a terminal: control, formatting and direction characters are shown as
 * escapes, so that neither a host's name nor a command can move the cursor or hide what follows.
 */
export function visible(text: string): string {
  return text.replaceAll(invisible, (char) => {
    const code = char.codePointAt(0) ?? 0;
    return named[char] ?? (code < 0x100 ? `\\x${hex(code, 2)}` : `\\u{${hex(code, 4)}}`);
  });
}

/** The same, but lines stay lines. */
export function visibleLines(text: string): string {
  return text.split("\n").map(visible).join("\n");
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}
