/** Messages of programs that need a terminal and have none. */
const wantsTerminal =
  /a terminal is required|no tty present|must be run from a terminal|must have a tty|requires? a (?:tty|terminal)|not a (?:tty|terminal)|inappropriate ioctl for device/i;
/** Messages of programs that tried to read and reached the end of their input. */
const wantsInput = /EOF when reading|end of file on (?:standard input|stdin)|unexpected EOF|EOFError/i;
/** An unanswered question at the end of the output. */
const openQuestion =
  /(?:\[[yn]\/[yn]\]|\((?:yes|y)\/(?:no|n)\)|pass(?:word|phrase)[^\n]*:|\?)[ \t]*(?:Abort\.?\s*)?$/i;

/** The kind of input that a command without any seems to have needed, judging by the end of its output. */
export function inputHint(tail: string): "terminal" | "input" | undefined {
  if (wantsTerminal.test(tail)) return "terminal";
  return wantsInput.test(tail) || openQuestion.test(tail) ? "input" : undefined;
}

/** Programs that read standard input if they are given no file. */
const readers = new Set(
  "cat tac rev nl sort uniq wc head tail fold fmt xargs bc dc sh bash zsh python python3 base64 md5sum sha256sum".split(
    " ",
  ),
);
/** Words that may precede a program. */
const leading = /^(?:!|while|until|if|elif|then|else|do|time|exec|command|sudo|\w+=\S*)$/;
const quoted = /'[^']*'|"(?:[^"\\]|\\.)*"/g;

/**
 * The program in a command that, judging by its words, reads standard input; undefined if there is none, or if a pipe
 * or a file may provide its input.
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
