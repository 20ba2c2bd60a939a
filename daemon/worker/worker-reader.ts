/** A worker's message about one of its runs. */
export type WorkerMessage =
  | { readonly kind: "begun"; readonly run: number; readonly pid: number }
  | { readonly kind: "refused"; readonly run: number; readonly reason: string }
  | { readonly kind: "stdout" | "stderr"; readonly run: number; readonly bytes: Buffer }
  | { readonly kind: "exited"; readonly run: number; readonly code: number; readonly signal: number }
  /** So many bytes of its standard input have been written, or can no longer be. */
  | { readonly kind: "written"; readonly run: number; readonly count: number }
  /** The process has ended, and so has its output. */
  | { readonly kind: "ended"; readonly run: number };

/** Its first message, sent once. */
export interface Hello {
  readonly kind: "hello";
  readonly pid: number;
  /** What its shell got from its start files. */
  readonly snapshot: Buffer;
}

const maxHeadBytes = 200;
/** The functions of start files take some hundred kilobytes at most. */
const maxSnapshotBytes = 4 * 1024 * 1024;

/** Parses the output of worker.pl, from chunks that may be split anywhere. */
export class WorkerReader {
  readonly #token: string;
  #waiting: Buffer = Buffer.alloc(0);
  #greeted = false;
  /** The output that is being read. */
  #output: { readonly kind: "stdout" | "stderr"; readonly run: number; left: number } | undefined;

  constructor(token: string) {
    this.#token = token;
  }

  /**
   * Returns the messages that `chunk` completes, in order; output is passed on as it arrives. Throws for anything that a
   * worker does not send.
   */
  push(chunk: Buffer): (Hello | WorkerMessage)[] {
    const messages: (Hello | WorkerMessage)[] = [];
    let rest = this.#waiting.length === 0 ? chunk : Buffer.concat([this.#waiting, chunk]);
    for (;;) {
      const read = this.#output === undefined ? this.#head(rest) : this.#bytes(rest, this.#output);
      if (read === undefined) break;
      if (read.message !== undefined) messages.push(read.message);
      rest = rest.subarray(read.length);
    }
    this.#waiting = rest;
    return messages;
  }

  #bytes(
    rest: Buffer,
    output: { readonly kind: "stdout" | "stderr"; readonly run: number; left: number },
  ): Read | undefined {
    if (rest.length === 0) return undefined;
    const bytes = rest.subarray(0, output.left);
    output.left -= bytes.length;
    if (output.left === 0) this.#output = undefined;
    return { length: bytes.length, message: { kind: output.kind, run: output.run, bytes } };
  }

  #head(rest: Buffer): Read | undefined {
    const end = rest.subarray(0, maxHeadBytes).indexOf(10);
    const line = rest.toString("latin1", 0, Math.max(end, 0));
    if (!this.#greeted) return this.#hello(rest, end, line);
    if (end >= 0) return { length: end + 1, message: this.#message(line) };
    if (rest.length > maxHeadBytes) throw new Error("A worker's line is too long.");
    return undefined;
  }

  #hello(rest: Buffer, end: number, line: string): Read | undefined {
    const [token = "", pid, length] = (end < 0 ? rest.toString("latin1", 0, maxHeadBytes) : line).split(" ");
    if (!(end < 0 ? this.#token.startsWith(token) : token === this.#token))
      throw new Error("The worker did not start.");
    if (end < 0) return undefined;
    if (!isWhole(pid) || !isWhole(length) || Number(length) > maxSnapshotBytes)
      throw new Error("The worker refused to start.");
    const whole = end + 1 + Number(length);
    if (rest.length < whole) return undefined;
    this.#greeted = true;
    const snapshot = Buffer.from(rest.subarray(end + 1, whole));
    return { length: whole, message: { kind: "hello", pid: Number(pid), snapshot } };
  }

  /** undefined: the header of output, which follows. */
  #message(line: string): WorkerMessage | undefined {
    const [kind, id, ...values] = line.split(" ");
    const run = Number(id);
    const [first = "", second] = values;
    if (!isWhole(id)) throw new Error("A worker's line names no run.");
    if (kind === "z") return { kind: "ended", run };
    if (kind === "f") return { kind: "refused", run, reason: values.join(" ") };
    if (!isWhole(first)) throw new Error("A worker's line lacks a number.");
    const message = progress(kind, run, { first: Number(first), second });
    if (message !== undefined) return message;
    if (kind !== "o" && kind !== "e") throw new Error("A worker's line is of an unknown kind.");
    this.#output = { kind: kind === "o" ? "stdout" : "stderr", run, left: Number(first) };
    return undefined;
  }
}

/** What a worker says of a run's process. */
function progress(
  kind: string | undefined,
  run: number,
  { first, second }: { readonly first: number; readonly second: string | undefined },
): WorkerMessage | undefined {
  if (kind === "p") return { kind: "begun", run, pid: first };
  if (kind === "c") return { kind: "written", run, count: first };
  if (kind === "x" && isWhole(second)) return { kind: "exited", run, code: first, signal: Number(second) };
  return undefined;
}

interface Read {
  readonly length: number;
  readonly message: Hello | WorkerMessage | undefined;
}

function isWhole(text: string | undefined): text is string {
  return /^\d{1,15}$/.test(text ?? "");
}
