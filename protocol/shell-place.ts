/**
 * Finds where in a shell command a quoted value is certain to be one word, in shells of the Bourne family, fish and
 * csh. Text that is not known to be parsed alike by all of them is a doubt, after which no value is accepted.
 */

/**
 * A template in order: its text, and the places of values; an `isNumber` value contains only digits, a dash and a dot.
 */
export type Piece =
  | { readonly text: string }
  | { readonly name: string; readonly source: string; readonly isNumber: boolean };

interface Word {
  /** Without its quotes. */
  text: string;
  isBegun: boolean;
  /** Whether it consists only of values and of characters that are not special in any shell. */
  isPlain: boolean;
  endsInValue: boolean;
}

interface Command {
  /** The words so far, starting with the command's name. */
  readonly words: string[];
  /** Whether the next word is the file of a redirection. */
  isRedirecting: boolean;
  /** Whether variable assignments precede its name. */
  isAssigning: boolean;
}

const newWord = (): Word => ({ text: "", isBegun: false, isPlain: true, endsInValue: false });
const newCommand = (): Command => ({ words: [], isRedirecting: false, isAssigning: false });

/** Words after which a command begins. */
const leading = new Set("if then elif else do while until ! { time exec command and or not begin".split(" "));

/**
 * Shell commands that may interpret a word as code, as arithmetic (which runs code, too), as a variable or as a
 * pattern.
 */
const readingTheirWords = new Set(
  `. @ alias aliases argparse autoload bg bind bindkey block break builtin builtins caller case commandline compadd comparguments
  compcall compctl compdescribe compfiles compgen compgroups complete compopt compquote compset comptags comptry compvalues
  continue coproc declare default disable disown echotc echoti emulate enable end eval exit export expr fc fg filetest float for
  foreach function functions getln getopts glob global goto hist history in integer jobs let limit local log logout mapfile math
  nameref nocorrect noglob onintr popd print private r random read readarray readonly repeat return sched select set setopt
  settc setty shift shopt source status suspend switch test trap typeset ulimit umask unalias uncomplete unfunction unhash unlimit
  unset unsetenv unsetopt vared wait whence where zcompile zformat zle zmodload zparseopts zregexparse zstyle } [ [[ ]] )`
    .trim()
    .split(/\s+/),
);

/** Characters that may be joined to a value. */
const plain = "[A-Za-z0-9_./,@%+:=-]";
const behindValue = new RegExp(`^${plain}*(?:[ \\t\\n;|)]|&(?!>)|$)`);
const noPlainStart = /^[=%]/;
/** csh expands history in quotes, too. */
const csHistory = /![!#$*^:{?\d-]/;
/** Precedes a word that `[`, `[[` or `test` takes as plain text. */
const takesText = /^(?:-[bcdefhLnprsSwxz]|==?|!=)$/;
const textFormat = /^(?!-)(?:[^%$`]|%%|%-?\d*(?:\.\d+)?s)*$/;
const assignment = /^[A-Za-z_]\w*\+?=/;

const name = "[A-Za-z_]\\w*";
const variable = `\\$(?:${name}|\\{#?\\w+\\}|\\{\\w+(?::?[-=+?]|%%?|##?)[\\w./:@,*-]*\\}|[\\d?$@*!-])(?![\\w[])`;
const substitution = "\\$\\([\\w ./,:@%+=|-]*\\)";
const inDouble = `[^"\\\\$\`\\p{Cc}]|[\\t\\n]|\\\\[^"\`\\p{Cc}]|${variable}|${substitution}|\\$(?=["| ])`;

type Step = (reader: Reader, text: string) => void;
const always = (): boolean => true;
const between = ({ word }: Reader): boolean => !word.isBegun;
const atCommand = (reader: Reader): boolean =>
  between(reader) && reader.command.words.length === 0 && !reader.command.isAssigning;

/** What all shells parse alike, and where. The first match applies. */
const steps: readonly (readonly [string, (reader: Reader) => boolean, Step])[] = [
  ["[ \\t]+", always, (reader) => reader.endWord()],
  ["\\\\\\n(?![ \\t]*#)", between, () => undefined],
  ["\\n|;|&(?!>)|\\|", always, (reader) => reader.endCommand()],
  ["[<>]&[\\d-](?=[\\s;|)])", always, (reader) => reader.redirect(false)],
  ["(?:>>?|<)(?![<>&|!?(])", always, (reader) => reader.redirect(true)],
  ["\\$\\((?!\\()", always, (reader) => reader.open()],
  ["\\((?!\\()", atCommand, (reader) => reader.open()],
  ["\\)", ({ isNested }) => isNested, (reader) => reader.close()],
  ["#[\\w \\t./,:@%+=-]*(?=\\n)", between, () => undefined],
  [`${plain}+`, always, (reader, text) => reader.add(text, true)],
  [
    "'(?:[^'\\\\\\p{Cc}]|[\\t\\n]|\\\\[^'\\p{Cc}])*'",
    always,
    (reader, text) => reader.add(text.slice(1, -1), false),
  ],
  [`"(?:${inDouble})*"`, always, (reader, text) => reader.add(text.slice(1, -1), false)],
  [variable, always, (reader, text) => reader.add(text, false)],
  ["`[\\w ./,:@%+=|-]*`", always, (reader, text) => reader.add(text, false)],
  ["\\\\[ -/:-@[-`{-~]", always, (reader, text) => reader.add(text.slice(1), false)],
  ["[*?~^{}[\\]!\\p{L}\\p{N}\\p{M}]", always, (reader, text) => reader.add(text, false)],
  ["#", ({ word }) => word.isBegun, (reader, text) => reader.add(text, false)],
];
const readers = steps.map(([source, holds, step]) => [new RegExp(source, "uy"), holds, step] as const);

/** The first value that is in a place where it is not safe, and where that is. */
export function placeProblem(
  pieces: readonly Piece[],
): { readonly source: string; readonly where: string } | undefined {
  const reader = new Reader();
  const whole = pieces.map((piece) => ("text" in piece ? piece.text : "x")).join("");
  const isHistory = csHistory.test(whole);
  for (const [at, piece] of pieces.entries()) {
    const next = pieces[at + 1];
    if ("text" in piece) {
      reader.read(next === undefined ? `${piece.text}\n` : piece.text);
      continue;
    }
    const behind =
      next !== undefined && "text" in next ? next.text + (at + 2 === pieces.length ? "\n" : "") : "";
    const where =
      reader.valueProblem(piece.isNumber) ??
      (isHistory ? "in a command with a ! that csh reads as one of its history" : undefined) ??
      (behindValue.test(behind)
        ? undefined
        : `joined to ${shown(behind.replace(new RegExp(`^${plain}+`), ""))}`);
    if (where !== undefined) return { source: piece.source, where };
  }
  return undefined;
}

class Reader {
  word = newWord();
  command = newCommand();
  /** The enclosing command and word of each open construct. */
  readonly #outer: (readonly [Command, Word])[] = [];
  #doubt: string | undefined;

  get isNested(): boolean {
    return this.#outer.length > 0;
  }

  read(text: string): void {
    for (let at = 0; at < text.length && this.#doubt === undefined; ) {
      const length = this.#step(text, at);
      if (length === 0) this.#doubt = doubtOf(text.slice(at), this.word.isBegun);
      at += length;
    }
  }

  #step(text: string, at: number): number {
    for (const [form, holds, step] of readers) {
      form.lastIndex = at;
      const found = holds(this) ? form.exec(text)?.[0] : undefined;
      if (found === undefined) continue;
      step(this, found);
      return found.length;
    }
    return 0;
  }

  /** Where the next value would be, if it is not safe there; undefined: it is one word. The value is consumed. */
  valueProblem(isNumber: boolean): string | undefined {
    const { word, command } = this;
    const problem =
      this.#doubt ?? joined(word) ?? (command.isRedirecting ? undefined : this.#argument(isNumber));
    this.word = { ...word, isBegun: true, endsInValue: true };
    return problem;
  }

  #argument(isNumber: boolean): string | undefined {
    const { words } = this.command;
    const [first] = words;
    if (first === undefined) {
      if (assignment.test(this.word.text)) {
        return isNumber
          ? undefined
          : "as what a variable is set to, which may be arithmetic (env NAME=… sets it for a command)";
      }
      return "at the place of a command's name";
    }
    if (isNumber) return undefined;
    return wordProblem(first, words);
  }

  add(text: string, isPlain: boolean): void {
    const { word } = this;
    this.word = {
      text: word.text + text,
      isBegun: true,
      isPlain: word.isPlain && isPlain,
      endsInValue: false,
    };
  }

  redirect(hasTarget: boolean): void {
    if (/^\d+$/.test(this.word.text)) this.word = newWord();
    this.endWord();
    this.command.isRedirecting = hasTarget;
  }

  endWord(): void {
    const { word, command } = this;
    if (!word.isBegun) return;
    this.word = newWord();
    if (command.isRedirecting) {
      command.isRedirecting = false;
      return;
    }
    if (command.words.length === 0) {
      // The index of an array is arithmetic, and may contain spaces.
      if (word.text.includes("[") && !/^\[\[?$/.test(word.text)) this.#doubt ??= `behind ${shown(word.text)}`;
      if (leading.has(word.text)) return;
      if (assignment.test(word.text)) {
        command.isAssigning = true;
        return;
      }
    }
    command.words.push(word.text);
  }

  endCommand(): void {
    this.endWord();
    this.command = newCommand();
  }

  open(): void {
    this.#outer.push([this.command, this.word]);
    this.word = newWord();
    this.command = newCommand();
  }

  close(): void {
    this.endWord();
    const [command, word] = this.#outer.pop() ?? [newCommand(), newWord()];
    this.command = command;
    this.word = word;
    this.add(")", false);
  }
}

/** Why a text value is not safe after the words of a command. */
function wordProblem(first: string, words: readonly string[]): string | undefined {
  if (/^(?:\[\[?|test)$/.test(first) && takesText.test(words.at(-1) ?? "")) return undefined;
  if (first === "printf") {
    return textFormat.test(words[1] ?? "-")
      ? undefined
      : "behind printf without a plain format of %s before it";
  }
  if (!readingTheirWords.has(first) && !/^[-%=]/.test(first)) return undefined;
  return `as a word of ${first}, which may read it as code or arithmetic; only an input of the type number can stand there`;
}

function joined({ text, isPlain, isBegun, endsInValue }: Word): string | undefined {
  if (!isBegun) return undefined;
  if (endsInValue) return "joined to another value";
  return isPlain && !noPlainStart.test(text) ? undefined : `joined to ${shown(text)}`;
}

/** The construct at the beginning of a text that shells parse differently. */
function doubtOf(text: string, isInWord: boolean): string {
  const [first = ""] = text;
  if (first === "#" && !isInWord)
    return text.includes("\n") ? "behind a comment with quotes or signs" : "in a comment";
  const isOpen = !text.slice(1).includes(first);
  if (/['"]/.test(first))
    return isOpen ? "in quotes" : `behind ${shown(text)}, which not every shell reads alike`;
  if (first === "`") return isOpen ? "in backquotes" : "behind backquotes";
  if (text.startsWith("${") && !text.includes("}")) return "in ${…}";
  return text === "\\" ? "behind a backslash" : `behind ${shown(text)}`;
}

function shown(text: string): string {
  const [word = ""] = /^\S{1,20}/u.exec(text) ?? [];
  if (word !== "" && !/[\p{C}\p{Z}]/u.test(word)) return word;
  const [first = ""] = text;
  return first === "\\"
    ? "a \\ at a line's end"
    : `the character U+${(first.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
}
