/**
 * The control sequences that do nothing but draw. A terminal obeys many others: it replies to them, or they change its
 * keyboard, mouse, window, title, clipboard or printer. Output that is only shown has no use for any of those.
 */
const drawingCsi = new Set([
  ...Array.from("@ABCDEFGHIJKLMPSTXZ`abdefghlrsu"),
  "?J",
  "?K",
  "?h",
  "?l",
  "!p",
  " q",
  '"q',
  " @",
  " A",
  "'}",
  "'~",
  "$r",
  "$t",
  "$v",
  "$x",
  "$z",
  "${",
  "*x",
]);

/** Reverse video, origin, wrapping, the cursor, and the alternate screen; the mode beside them is insertion (IRM). */
const drawingModes = new Set(["5", "6", "7", "25", "45", "47", "69", "1047", "1048", "1049"]);
const insertion = new Set(["4"]);

/**
 * The parameters with which a CSI sequence draws; undefined if it does not. `kind`: its prefix, intermediates and final
 * byte.
 */
export function drawingParameters(kind: string, parameters: string): string | undefined {
  if (!drawingCsi.has(kind)) return undefined;
  if (!/[hl]$/.test(kind)) return parameters;
  const allowed = kind.startsWith("?") ? drawingModes : insertion;
  const kept = parameters.split(";").filter((mode) => allowed.has(mode));
  return kept.length === 0 ? undefined : kept.join(";");
}

// Control characters are what this file is about.
/* oxlint-disable no-control-regex */
/**
 * Besides the cursor, the character sets: SO, LS2, LS3, and those that are designated. ENQ, CAN (which begins a transfer
 * by ZMODEM) and DECID are among what is refused.
 */
const drawingEscape = /^(?:\x0e|\x1b(?:[78DEHMNOcno69\\]|[()*+\-./][ -/]?[0-~]|#[3-68]))$/;
/* oxlint-enable no-control-regex */

/** Whether a sequence that begins with ESC and is no CSI draws, or a control character that is looked at like one. */
export function isDrawingEscape(sequence: string): boolean {
  return drawingEscape.test(sequence);
}
