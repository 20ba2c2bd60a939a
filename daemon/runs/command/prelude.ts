import { directoryBy, quote, quoteForCsh, quoteForFish } from "./quoting.ts";

/** What a shell is told before the command that it runs. */
export interface Setting {
  /** null: where the login begins. */
  readonly cwd: string | null;
  /** By name. The values are never part of a command line, which the host shows to every account. */
  readonly variables: Readonly<Record<string, string>>;
}

/** What goes before a command in its shell's text, and the bytes that it reads from standard input for that. */
export interface Prelude {
  readonly text: string;
  readonly input: Buffer | undefined;
}

/** How a shell comes by its input. */
export interface Reading {
  /**
   * requested: it says that it is ready, and is sent its input then. terminal: the same on a terminal, which must
   * neither show nor change it. there: it is what standard input begins with.
   */
  readonly from: "requested" | "terminal" | "there";
  /** Letters and digits, of this run alone. */
  readonly token: string;
}

/** What is said in a shell's language. */
export interface Language {
  /** One word. */
  quote(text: string): string;
  /** Text that sets what is asked for, or ends the shell; "" where nothing is. */
  prelude(setting: Setting, reading: Reading): Prelude;
  /** A script (in fish's case of one line) that is too long for a command line: it is the input. */
  script(script: string, reading: Reading): Prelude;
}

/** The host says by this, on standard error, that it waits for input. */
const readyMark = (token: string): string => `hostrun-${token}:ready:`;

/**
 * For a shell without functions and aliases of start files. Prints exactly `bytes` of standard input: what comes after
 * them is the command's. Only dd promises not to read ahead, and only one byte at a time.
 */
function readerOf(bytes: number, { from, token }: Reading, wrap = (read: string) => read): string {
  const read = `dd bs=1 count=${bytes} 2>/dev/null`;
  const ready = `echo ${readyMark(token)} >&2;${read}`;
  const reading = { requested: ready, terminal: `s=$(stty -g);stty raw -echo;${ready};stty $s`, there: read };
  return `/bin/sh -c '${wrap(reading[from])}'`;
}

/**
 * For shells of the Bourne family, in one line. Whatever start files did, it neither shows nor changes anything else:
 * functions and aliases, `set -x`, `-v`, `-e` and `-u`, CDPATH, a PS4 that has effects of its own. No command ends
 * tracing untraced, PS4 included: it is kept and replaced before, by expansions in a redirection. Where input is
 * missing, so is the closing brace, and nothing runs.
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

/** Runs commands with the shell's own `cd`, `eval` and `export`: `"$_hb"` before each; messages go to descriptor 3. */
function unnoticed(steps: readonly string[]): string {
  // A function that is called `builtin` is put aside meanwhile; zsh can disable it, bash can print it.
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

/** Ends tracing, untraced, in a shell of the Bourne family that only starts another one. */
export const untraced = "{ \\set +xv;} 3>&$((2+0*(PS4=BASH_XTRACEFD=2))) 2>/dev/null; ";

/** In lines. Where input is missing, so is the `end`, and nothing runs. */
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
 * csh and tcsh, in lines. `chdir` is `cd` under a name that nobody makes an alias of; `exit` does not end what tcsh was
 * given by `-c`. Several lines come from a file only: it is private, and gone as soon as it is open.
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
