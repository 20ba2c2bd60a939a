import type { LoginShell } from "./login-shell.ts";

/**
 * The command with a word before it by which the host tells the process id that it runs under: how else could it
 * be ended for certain? The word goes to standard error, from where `AnnouncementFilter` takes it out again.
 */
export function announcing(commandLine: string, shell: LoginShell, token: string): string {
  if (shell === "none") return commandLine;
  const word = (pid: string): string => `echo hostrun-${token}:${pid}: >&2`;
  // In a Bourne shell that costs nothing; where the language is another one, a child of it tells its parent.
  const announcement = shell === "bourne" ? word("$$") : `/bin/sh -c '${word("$PPID")}'`;
  return `${announcement}; ${commandLine}`;
}

const longestWait = 64 * 1024;

/** Takes the announcement out of the stream that it is in; every other byte passes in order. */
export class AnnouncementFilter {
  readonly #mark: Buffer;
  #held = Buffer.alloc(0);
  #passed = 0;
  #done = false;
  #pid: number | undefined;

  constructor(token: string) {
    this.#mark = Buffer.from(`hostrun-${token}:`);
  }

  /** The id of the process on the host, once it was announced. */
  get pid(): number | undefined {
    return this.#pid;
  }

  /** What is to be passed on of `chunk`; what may be the beginning of the announcement waits for the rest. */
  take(chunk: Buffer): Buffer {
    if (this.#done) return chunk;
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const at = bytes.indexOf(this.#mark);
    if (at < 0) return this.#hold(bytes, bytes.length - this.#beginningAtEnd(bytes));
    const word = /^(\d{1,10}):\r?\n/.exec(
      bytes.toString("latin1", at + this.#mark.length, at + this.#mark.length + 16),
    );
    if (word === null) {
      const unfinished = bytes.length - at - this.#mark.length < 13;
      return unfinished ? this.#hold(bytes, at) : this.rest(bytes);
    }
    this.#pid = Number(word[1]);
    const after = at + this.#mark.length + word[0].length;
    return this.rest(Buffer.concat([bytes.subarray(0, at), bytes.subarray(after)]));
  }

  /** What is still held when the stream has ended. */
  rest(bytes: Buffer = this.#held): Buffer {
    this.#done = true;
    this.#held = Buffer.alloc(0);
    return bytes;
  }

  #hold(bytes: Buffer, from: number): Buffer {
    this.#passed += from;
    if (this.#passed > longestWait) return this.rest(bytes);
    this.#held = Buffer.from(bytes.subarray(from));
    return bytes.subarray(0, from);
  }

  #beginningAtEnd(bytes: Buffer): number {
    for (let length = Math.min(this.#mark.length - 1, bytes.length); length > 0; length--) {
      if (bytes.subarray(bytes.length - length).equals(this.#mark.subarray(0, length))) return length;
    }
    return 0;
  }
}
