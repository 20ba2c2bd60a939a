import type { LoginShell } from "../../transport/login-shell.ts";

/** A command preceded by a marker with which the host reports the process id. */
export interface MarkedCommand {
  readonly line: string;
  /** The part of the line before the command: some shells print a line as they read it, or in a syntax error. */
  readonly before: string;
}

/**
 * Puts a marker before the command with which the host reports the process id that the command runs under; without it,
 * the command could not be ended reliably. The marker goes to standard error, where `PidMarkerFilter` removes it.
 */
export function withPidMarker(command: MarkedCommand, shell: LoginShell, token: string): MarkedCommand {
  if (shell === "none") return { line: command.line, before: "" };
  if (shell === "bourne") {
    const word = bourneMarker(token);
    return { line: word + command.line, before: word + command.before };
  }
  // In another shell language, a child process reports its parent. fish prints a line that it cannot parse, so ours is
  // a separate one.
  return { line: `/bin/sh -c 'echo ${markOf(token)}$PPID: >&2'\n${command.line}`, before: "" };
}

/**
 * On the command's first line, so that line numbers in errors stay right. It prints and changes nothing, whatever start
 * files did. If commands are traced, none runs here: loops over no word are not traced, and a subshell in such a word
 * can first turn tracing off, without expanding PS4, which may have side effects. Only this case costs a process.
 */
function bourneMarker(token: string): string {
  const word = `${markOf(token)}$$:`;
  // Builtins that are rarely redefined as functions, in shells that have functions.
  const print = `case \${BASH_VERSION+b}\${ZSH_VERSION+z} in b)\\compgen -W \\'${word}\\'||\\builtin echo ${word};;z)\\print -r ${word};;*)\\echo ${word};;esac`;
  const traced = `POSIXLY_CORRECT=1;\\unset -f echo;\\echo ${word} >&3`;
  return (
    `for _h in \${-##*x*};do ${print} >&2 2>/dev/null;done;` +
    `for _h in \${_h-$({ ${traced};} 3>&$((2+0*(PS4=BASH_XTRACEFD=2))) >/dev/null 2>&1||\\:)};do \\unset _h;done; `
  );
}

const markOf = (token: string): string => `hostrun-${token}:`;

/** A marker with its content; one expression for all runs, since each new one would have to be compiled. */
const markers = /hostrun-([0-9A-Za-z]+):(?:(\d{1,10})|(ready|began|sudo:[^:\r\n]{0,64})):\r?\n/g;

/** How many bytes may precede the marker; start files print less. */
const maxWaitBytes = 64 * 1024;

/** What sudo does before the command begins. */
export interface SudoListener {
  /** sudo waits for the password of `user`, as far as it named one. */
  asked(user: string): void;
  /** sudo has begun the command's shell. */
  began(): void;
}

/**
 * Removes the output of Hostrun's own part of a command from its stream: the marker, the requests for input, and its
 * own text where a shell prints that. All other bytes pass in order.
 */
export class PidMarkerFilter {
  readonly #mark: string;
  readonly #token: string;
  readonly #ready: () => void;
  readonly #sudo: SudoListener | undefined;
  readonly #settled = Promise.withResolvers<void>();
  #before = "";
  #awaited = 0;
  #wholeLines = false;
  #held = Buffer.alloc(0);
  #passed = 0;
  #done = false;
  #pid: number | undefined;
  #shown = false;

  /** `token`: letters and digits. `ready` is called for each request for input. */
  constructor(token: string, ready: () => void = () => undefined, sudo?: SudoListener) {
    this.#mark = markOf(token);
    this.#token = token;
    this.#ready = ready;
    this.#sudo = sudo;
  }

  /**
   * `before`: our own text, as far as shells may print it. `inputs`: how many times the host will request input, sudo
   * aside. A shell that is not a Bourne shell may print our own line in pieces; then whole lines are held back until
   * our part is over.
   */
  expect({ before }: MarkedCommand, inputs: number, shell: LoginShell): void {
    this.#before = Buffer.from(before).toString("latin1");
    this.#awaited = inputs + (this.#sudo === undefined ? 0 : 1);
    this.#wholeLines = shell === "fish" || shell === "csh";
  }

  /** The id of the process on the host, once its marker has arrived. */
  get pid(): number | undefined {
    return this.#pid;
  }

  /** Whether the shell has printed our own text, as it does when it echoes its input or cannot parse it. */
  get shown(): boolean {
    return this.#shown;
  }

  /** Resolves when the marker has arrived, or no longer can. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  /** The bytes of `chunk` to pass on; a possible beginning of our own output is held until the rest arrives. */
  take(chunk: Buffer): Buffer {
    if (this.#done) return chunk;
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const passed: Buffer[] = [];
    let from = 0;
    for (let end = bytes.indexOf(10); end >= 0 && !this.#done; end = bytes.indexOf(10, from)) {
      passed.push(this.#withoutOurs(bytes.subarray(from, end + 1)));
      from = end + 1;
    }
    const line = bytes.subarray(from);
    const held = this.#done ? line.length : this.#heldFrom(line.toString("latin1"));
    passed.push(line.subarray(0, held));
    this.#held = Buffer.from(line.subarray(held));
    const all = Buffer.concat(passed);
    this.#passed += all.length;
    return this.#passed + this.#held.length > maxWaitBytes ? Buffer.concat([all, this.rest()]) : all;
  }

  /** The bytes still held when the stream has ended. */
  rest(): Buffer {
    const rest = this.#withoutOurs(this.#held);
    this.#held = Buffer.alloc(0);
    this.#end();
    return rest;
  }

  /** Filters one line. */
  #withoutOurs(line: Buffer): Buffer {
    const text = line.toString("latin1");
    if (!text.includes(this.#mark)) return line;
    const shown = this.#before === "" ? text : text.replaceAll(this.#before, "");
    const left = shown.replace(markers, (all, token: string, pid: string | undefined, word: string) =>
      token === this.#token ? this.#handleMarker(pid, word) : all,
    );
    this.#shown ||= shown !== text;
    // Nobody else knows the token, so the rest is a trace of our own part.
    return Buffer.from(left.includes(this.#mark) ? "" : left, "latin1");
  }

  #handleMarker(pid: string | undefined, word: string): "" {
    if (pid !== undefined) {
      this.#pid ??= Number(pid);
      this.#settled.resolve();
    } else if (word === "ready") {
      this.#awaited -= 1;
      this.#ready();
    } else if (word === "began") {
      this.#awaited -= 1;
      this.#sudo?.began();
    } else this.#sudo?.asked(Buffer.from(word.slice("sudo:".length), "latin1").toString());
    if (this.#pid !== undefined && this.#awaited <= 0) this.#end();
    return "";
  }

  #end(): void {
    this.#done = true;
    this.#settled.resolve();
  }

  /** The index from which the last line is held until the rest of it arrives. */
  #heldFrom(line: string): number {
    if (line.includes(this.#mark) || (this.#wholeLines && this.#pid === undefined)) return 0;
    const maxLength = Math.max(this.#before.length, this.#mark.length);
    for (let from = Math.max(0, line.length - maxLength); from < line.length; from++) {
      const end = line.slice(from);
      if (this.#before.startsWith(end) || this.#mark.startsWith(end)) return from;
    }
    return line.length;
  }
}
