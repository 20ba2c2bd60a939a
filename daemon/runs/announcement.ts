import type { LoginShell } from "./login-shell.ts";

/**
 * The command with a word before it by which the host tells the process id that it runs under: how else could it
 * be ended for certain? The word goes to standard error, from where `AnnouncementFilter` takes it out again.
 */
export function announcing(commandLine: string, shell: LoginShell, token: string): string {
  if (shell === "bourne") return `${bourneAnnouncement(token)}${commandLine}`;
  if (shell === "none") return commandLine;
  // Where the language is another one, a child of it tells its parent. fish shows a wrong line: ours is another one.
  return `/bin/sh -c 'echo ${markOf(token)}$PPID: >&2'\n${commandLine}`;
}

/**
 * It costs no process, and stands in the command's first line so that line numbers in errors stay right. `eval` and
 * `${$-}` are for a login shell that is another one by now: fish and tcsh complain of it, and go on to the command.
 */
function bourneAnnouncement(token: string): string {
  return `eval 'echo ${markOf(token)}\${$-}: >&2'; `;
}

const markOf = (token: string): string => `hostrun-${token}:`;

/** How many bytes may come before it; what start files say is less. */
const longestWait = 64 * 1024;

/**
 * Takes the announcement out of the stream that it is in, or its own text, which bash shows with a syntax error;
 * every other byte passes in order.
 */
export class AnnouncementFilter {
  readonly #mark: string;
  readonly #source: string;
  readonly #announcement: RegExp;
  readonly #beginning: RegExp;
  #held = Buffer.alloc(0);
  #passed = 0;
  #done = false;
  #pid: number | undefined;
  readonly #settled = Promise.withResolvers<void>();

  /** `token`: letters and digits. */
  constructor(token: string) {
    this.#mark = markOf(token);
    this.#source = bourneAnnouncement(token);
    this.#announcement = new RegExp(`${this.#mark}(\\d{1,10}):\\r?\\n`);
    this.#beginning = new RegExp(`^${this.#mark}\\d{0,10}(?:(?<=\\d):\\r?)?$`);
  }

  /** The id of the process on the host, once it was announced. */
  get pid(): number | undefined {
    return this.#pid;
  }

  /** Resolves when the process was announced, or will not be any more. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  /** What is to be passed on of `chunk`; what may be the beginning of the announcement waits for the rest. */
  take(chunk: Buffer): Buffer {
    if (this.#done) return chunk;
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const text = bytes.toString("latin1");
    const source = text.indexOf(this.#source);
    const word = this.#announcement.exec(text);
    if (word !== null && (source < 0 || word.index < source)) {
      this.#pid = Number(word[1]);
      return this.#without(bytes, word.index, word[0].length);
    }
    if (source >= 0) return this.#without(bytes, source, this.#source.length);
    const from = this.#heldFrom(text);
    const mark = text.indexOf(this.#mark);
    // Nobody else knows the token: this was the announcement, and it went wrong.
    const wentWrong = mark >= 0 && mark < from;
    this.#passed += from;
    if (wentWrong || this.#passed > longestWait) return this.rest(bytes);
    this.#held = Buffer.from(bytes.subarray(from));
    return bytes.subarray(0, from);
  }

  /** What is still held when the stream has ended. */
  rest(bytes: Buffer = this.#held): Buffer {
    this.#done = true;
    this.#settled.resolve();
    this.#held = Buffer.alloc(0);
    return bytes;
  }

  #without(bytes: Buffer, from: number, length: number): Buffer {
    return this.rest(Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + length)]));
  }

  /** Where the last bytes begin that may become the announcement; the end of the text where there are none. */
  #heldFrom(text: string): number {
    for (let from = Math.max(0, text.length - this.#source.length); from < text.length; from++) {
      const end = text.slice(from);
      if (this.#source.startsWith(end) || this.#mark.startsWith(end) || this.#beginning.test(end))
        return from;
    }
    return text.length;
  }
}
