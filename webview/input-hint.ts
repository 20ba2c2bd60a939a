/** What programs write that find no terminal where they want one. */
const wantsTerminal =
  /a terminal is required|no tty present|must be run from a terminal|must have a tty|requires? a (?:tty|terminal)|not a (?:tty|terminal)|inappropriate ioctl for device/i;
/** What programs write that wanted to read and found the end of their input. */
const wantsInput = /EOF when reading|end of file on (?:standard input|stdin)|unexpected EOF|EOFError/i;
/** A question that nobody answered: the output ends with it. */
const openQuestion =
  /(?:\[[yn]\/[yn]\]|\((?:yes|y)\/(?:no|n)\)|pass(?:word|phrase)[^\n]*:|\?)[ \t]*(?:Abort\.?\s*)?$/i;

/** What a command that had no input seems to have wanted, by the end of its output. */
export function inputHint(tail: string): "terminal" | "input" | undefined {
  if (wantsTerminal.test(tail)) return "terminal";
  return wantsInput.test(tail) || openQuestion.test(tail) ? "input" : undefined;
}

/** Programs that read standard input where they are given no file. */
const readers = new Set(
  "cat tac rev nl sort uniq wc head tail fold fmt xargs bc dc sh bash zsh python python3 base64 md5sum sha256sum".split(
    " ",
  ),
);
/** What may stand before a program. */
const leading = /^(?:!|while|until|if|elif|then|else|do|time|exec|command|sudo|\w+=\S*)$/;
const quoted = /'[^']*'|"(?:[^"\\]|\\.)*"/g;

/**
 * The program in a command that, by its words, reads standard input; undefined where none is seen, or where a pipe or a
 * file may give it something.
 */
export function readerIn(command: string): string | undefined {
  const plain = command.replaceAll(quoted, "''").replaceAll("||", ";");
  if (/[<|]/.test(plain)) return undefined;
  const programs = plain.split(/[;&\n(){}]+/).map((part) => {
    const words = part.split(/\s+/).filter((word) => word !== "");
    return words.slice(words.findIndex((word) => !leading.test(word)));
  });
  return programs.find(reads)?.[0];
}

function reads([program = "", ...rest]: readonly string[]): boolean {
  if (program === "read") return !rest.some((word) => word.startsWith("-u"));
  const isFile = (word: string): boolean => !word.startsWith("-") && !/^\d+$/.test(word);
  return program === "tee" || (readers.has(program) && !rest.some(isFile));
}
