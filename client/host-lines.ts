import { visible } from "../protocol/visible.ts";

type Stream = "stdout" | "stderr";

/** The output of many hosts as whole lines, each prefixed with its host's name. */
export class HostLines {
  readonly #write: (stream: Stream, text: Buffer) => Promise<void>;
  readonly #waiting = new Map<string, Buffer>();

  constructor(write: (stream: Stream, text: Buffer) => Promise<void>) {
    this.#write = write;
  }

  async take(host: string, stream: Stream, bytes: Buffer): Promise<void> {
    const key = `${stream} ${host}`;
    const all = Buffer.concat([this.#waiting.get(key) ?? Buffer.alloc(0), bytes]);
    const end = all.lastIndexOf(10) + 1;
    this.#waiting.set(key, all.subarray(end));
    if (end > 0) await this.#write(stream, prefixed(host, all.subarray(0, end)));
  }

  /** Writes the rest of a host's output, if it does not end with a newline. */
  async end(host: string): Promise<void> {
    for (const stream of ["stdout", "stderr"] as const) {
      const key = `${stream} ${host}`;
      const rest = this.#waiting.get(key);
      this.#waiting.delete(key);
      if (rest !== undefined && rest.length > 0) {
        await this.#write(stream, prefixed(host, Buffer.concat([rest, Buffer.from("\n")])));
      }
    }
  }
}

/** `lines` ends with a newline. */
function prefixed(host: string, lines: Buffer): Buffer {
  const head = Buffer.from(`${visible(host)}: `);
  const pieces: Buffer[] = [];
  for (let at = 0; at < lines.length; ) {
    const end = lines.indexOf(10, at) + 1;
    pieces.push(head, lines.subarray(at, end));
    at = end;
  }
  return Buffer.concat(pieces);
}
