import { directoryBy, quote, quoteForCsh, quoteForFish } from "./quoting.ts";

/** What a shell sets before it runs the command. */
export interface Setting {
  /** null: the login's initial directory. */
  readonly cwd: string | null;
  /** By name. Values are never part of a command line, which every account on the host can see. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Shell text that precedes a command, and the bytes that this text reads from standard input. */
export interface Prelude {
  readonly text: string;
  readonly input: Buffer | undefined;
}

/** How a shell gets its input. */
export interface Reading {
  /**
   * requested: the shell prints a ready mark and is then sent its input. terminal: the same on a terminal, which must
   * neither echo nor change it. there: standard input begins with it.
   */
  readonly from: "requested" | "terminal" | "there";
  /** Letters and digits, unique to this run. */
  readonly token: string;
}

/** The syntax of one family of shells. */
export interface Language {
  /** Quotes the text as one word. */
  quote(text: string): string;
  /** Text that applies the setting, or ends the shell; "" if there is nothing to set. */
  prelude(setting: Setting, reading: Reading): Prelude;
  /** A script (for fish, on one line) that is too long for a command line and is read from the input. */
  script(script: string, reading: Reading): Prelude;
}

/** Printed on standard error when the host waits for input. */
const readyMark = (token: string): string => `hostrun-${token}:ready:`;

/**
 * For a shell without functions and aliases from start files. Copies exactly `bytes` bytes of standard input, since
 * what follows is the command's. Only dd guarantees not to read ahead, and only one byte at a time.
 */
function readerOf(bytes: number, { from, token }: Reading, wrap = (read: string) => read): string {
  const read = `dd bs=1 count=${bytes} 2>/dev/null`;
  const ready = `echo ${readyMark(token)} >&2;${read}`;
  const reading = { requested: ready, terminal: `s=$(stty -g);stty raw -echo;${ready};stty $s`, there: read };
  return `/bin/sh -c '${wrap(reading[from])}'`;
}

/**
 * For shells of the Bourne family, on one line. It prints and changes nothing else, whatever start files did: functions
 * and aliases, `set -x`, `-v`, `-e` and `-u`, CDPATH, a PS4 with side effects. No command can turn tracing off without
 * being traced, PS4 included, so PS4 is saved and replaced first, by expansions in a redirection. If input is missing,
 * so is the closing brace, and nothing runs.
 */
const bourne: Language = {
  quote,
  prelude({ cwd, variables }, reading) {
    const exports = Object.entries(variables).map(
      ([name, value]) => `"$_hb" export ${name}=${quote(value)}&&\n`,
    );
    const input = exports.length === 0 ? undefined : Buffer.from(`${exports.join("")}\\:\n}\n`);
    const steps = [
      ...(cwd === null ? [] : [`"$_hb" cd $_hq ${directoryBy(quote, cwd)} >/dev/null 2>&3`]),
      ...(input === undefined ? [] : [`"$_hb" eval "{ $(${readerOf(input.length, reading)} 2>&3)" 2>&3`]),
    ];
    return { text: steps.length === 0 ? "" : unnoticed(steps), input };
  },
  script(script, reading) {
    const input = Buffer.from(`${script}\n}\n`);
    return { text: `eval "{ $(${readerOf(input.length, reading)})"`, input };
  },
};

/** Runs commands with the shell's own `cd`, `eval` and `export`: `"$_hb"` before each. Messages go to descriptor 3. */
function unnoticed(steps: readonly string[]): string {
  // A function named `builtin` is removed meanwhile: zsh can disable it, bash can print it.
  const begin =
    "_hf=$-;_hq=;_hb=builtin;case ${BASH_VERSION+b}${ZSH_VERSION+z} in " +
    "b)_hd=$(\\unset -f declare;\\declare -f builtin);\\unset -f builtin;;" +
    'z)_hq=-q;\\disable -f builtin;;*)_hb=command;;esac;"$_hb" set +xv;PS4=$_hp;';
  const forget = "\\unset _hf _hq _hb _hd _hp";
  const end =
    "{ case $_hb${ZSH_VERSION+z} in builtinz)\\enable -f builtin;;" +
    'builtin)"$_hb" eval "${_hd:+function $_hd}";;esac;case $_hf in *v*)\\set -v;;esac;' +
    `case $_hf in *x*)${forget};\\set -x;;*)${forget};;esac;}`;
  const silent = '3>&2${PS4##"${_hp=$PS4}"*} 2>/dev/null 4>&$((2+0*(PS4=2)))';
  return `{ ${begin}${[...steps, end].join("&&")};} ${silent}||\\exit 1; `;
}

/** Turns tracing off, untraced, in a Bourne-family shell that only starts another one. */
export const untraced = "{ \\set +xv;} 3>&$((2+0*(PS4=BASH_XTRACEFD=2))) 2>/dev/null; ";

/** On several lines. If input is missing, so is the `end`, and nothing runs. */
const fish: Language = {
  quote: quoteForFish,
  prelude({ cwd, variables }, reading) {
    const sets = Object.entries(variables).map(([name, value]) => `set -gx ${name} ${quoteForFish(value)}`);
    const { text, input } = fish.script(sets.join("; and "), reading);
    const directory = cwd === null ? "" : `builtin cd ${directoryBy(quoteForFish, cwd)}; or exit 1\n`;
    if (sets.length === 0) return { text: directory, input: undefined };
    return { text: `${directory}${text}; or exit 1\n`, input };
  },
  script(script, reading) {
    const input = Buffer.from(`${script}; end`);
    return { text: `eval (${readerOf(input.length, reading, (read) => `printf "begin; ";${read}`)})`, input };
  },
};

/**
 * csh and tcsh, on several lines. `chdir` is `cd` under a name that nobody aliases; `exit` does not end the text that
 * tcsh was given by `-c`. Several lines can only be read from a file: it is private, and removed as soon as it is open.
 */
const csh: Language = {
  quote: quoteForCsh,
  prelude({ cwd, variables }, reading) {
    const sets = Object.entries(variables).map(
      ([name, value]) => `setenv ${name} ${quoteForCsh(value)} || exec false\n`,
    );
    const { text, input } = csh.script(sets.join(""), reading);
    const directory = cwd === null ? "" : `chdir ${directoryBy(quoteForCsh, cwd)} || exec false\n`;
    if (sets.length === 0) return { text: directory, input: undefined };
    return { text: `${directory}${text} || exec false\n`, input };
  },
  script(script, reading) {
    const input = Buffer.from(script);
    const file = (read: string): string =>
      [
        `umask 077;for b in /tmp /var/tmp;do d=$b/hostrun-${reading.token}-$$;mkdir $d 2>/dev/null&&break;d=;done`,
        `[ $d ]||exit 1;{ echo /bin/rm -rf $d;${read};} >$d/script`,
        // All of the input, or nothing.
        `[ $(tail -n +2 $d/script|wc -c) = ${input.length} ]&&echo $d/script||rm -rf $d`,
      ].join(";");
    return { text: `source \`${readerOf(input.length, reading, file)}\``, input };
  },
};

export const languages = { bourne, fish, csh };
