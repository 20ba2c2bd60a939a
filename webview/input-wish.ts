/** What programs write that find no terminal where they want one. */
const wantsTerminal =
  /a terminal is required|no tty present|must be run from a terminal|must have a tty|requires? a (?:tty|terminal)|not a (?:tty|terminal)|inappropriate ioctl for device/i;
/** What programs write that wanted to read and found the end of their input. */
const wantsInput = /EOF when reading|end of file on (?:standard input|stdin)|unexpected EOF|EOFError/i;
/** A question that nobody answered: the output ends with it. */
const openQuestion =
  /(?:\[[yn]\/[yn]\]|\((?:yes|y)\/(?:no|n)\)|pass(?:word|phrase)[^\n]*:|\?)[ \t]*(?:Abort\.?\s*)?$/i;

/** What a command that had no input seems to have wanted, by the end of its output. */
export function inputWish(tail: string): "terminal" | "input" | undefined {
  if (wantsTerminal.test(tail)) return "terminal";
  return wantsInput.test(tail) || openQuestion.test(tail) ? "input" : undefined;
}
