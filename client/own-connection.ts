import { connect, type Socket } from "node:net";
import type { Body, Reply } from "./reply.ts";

/** A request that is small enough to be sent at once. */
export interface WholeRequest {
  readonly method: string;
  /** Includes the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** The same as Node's own limit. */
const maxHeadBytes = 16 * 1024;

/**
 * Sends one request on a new connection that is closed after its response: HTTP/1.0, in which the body ends with the
 * connection. Node's own client takes too long to load for a command line. Rejects with the socket's error, or with
 * the signal's reason.
 */
export async function requestOnce(
  socketPath: string,
  { method, path, headers, body }: WholeRequest,
  signal?: AbortSignal,
): Promise<Reply> {
  const answer = new OwnConnection(socketPath);
  const abort = (): void => answer.destroy(abortErrorOf(signal));
  signal?.addEventListener("abort", abort);
  void answer.closed.then(() => signal?.removeEventListener("abort", abort));
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  answer.send(`${method} ${path} HTTP/1.0\r\n${lines.join("")}\r\n${body ?? ""}`);
  return { ...parseHead(await readHead(answer)), body: answer };
}

function abortErrorOf(signal: AbortSignal | undefined): Error | undefined {
  return signal?.reason instanceof Error ? signal.reason : undefined;
}

const bufferBytes = 64 * 1024;
/** If this much is waiting to be read, nothing more is taken from the socket. */
const maxHeldBytes = 4 * bufferBytes;

/**
 * A connection and the bytes that arrive on it. They bypass the readable side of Node's stream, whose functions V8
 * compiles in every process that uses them: see docs/performance.md.
 */
class OwnConnection implements Body {
  /** Resolves when nothing more will arrive. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #chunks: Buffer[] = [];
  #heldBytes = 0;
  #isPaused = false;
  #end: "whole" | "cut" | undefined;
  /** Wakes the reader that waits for more. */
  #wake: () => void = () => undefined;

  constructor(path: string) {
    const buffer = Buffer.allocUnsafe(bufferBytes);
    const onread = {
      buffer,
      callback: (bytes: number): boolean => this.#take(Buffer.from(buffer.subarray(0, bytes))),
    };
    this.#socket = connect({ path, onread });
    // An error that occurs while nothing waits is thrown by the next read.
    this.#socket.on("error", () => undefined);
    this.closed = new Promise((resolve) => {
      const end = (how: "whole" | "cut"): void => {
        this.#end ??= how;
        this.#wake();
        resolve();
      };
      this.#socket.on("end", () => end("whole")).on("close", () => end("cut"));
    });
  }

  send(text: string): void {
    this.#socket.write(text);
  }

  /** Puts bytes back, to be read next. */
  unread(bytes: Buffer): void {
    if (bytes.length > 0) this.#hold(bytes, "unshift");
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#release(chunk);
        yield chunk;
      } else if (this.#end === "whole") {
        return;
      } else if (this.#end === "cut") {
        throw this.#socket.errored ?? closed();
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  async readOut(): Promise<void> {
    const rest = this[Symbol.asyncIterator]();
    // Nothing is lost by a failure at this point.
    while ((await rest.next().catch(() => undefined))?.done === false);
  }

  destroy(failure?: Error): void {
    this.#socket.destroy(failure);
  }

  /** Returns whether more may arrive. */
  #take(chunk: Buffer): boolean {
    this.#hold(chunk, "push");
    this.#isPaused = this.#heldBytes >= maxHeldBytes;
    this.#wake();
    return !this.#isPaused;
  }

  #hold(chunk: Buffer, add: "push" | "unshift"): void {
    this.#chunks[add](chunk);
    this.#heldBytes += chunk.length;
  }

  #release({ length }: Buffer): void {
    this.#heldBytes -= length;
    if (!this.#isPaused || this.#heldBytes >= maxHeldBytes / 2) return;
    this.#isPaused = false;
    this.#socket.resume();
  }
}

/** Up to the empty line; what follows stays to be read. */
async function readHead(answer: OwnConnection): Promise<string> {
  let head = Buffer.alloc(0);
  for await (const chunk of answer) {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end !== -1) {
      answer.unread(head.subarray(end + 4));
      return head.toString("latin1", 0, end);
    }
    if (head.length > maxHeadBytes) {
      answer.destroy();
      throw unreadable();
    }
  }
  throw closed();
}

function closed(): Error {
  return new Error("The connection was closed.");
}

function parseHead(head: string): Pick<Reply, "status" | "length"> {
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
  // Without the flag `i`, for which V8 first builds tables of all of Unicode.
  const length = /^content-length: *(\d{1,15})\r?$/m.exec(head.toLowerCase())?.[1];
  if (status === undefined) throw unreadable();
  return { status: Number(status), length: length === undefined ? undefined : Number(length) };
}

function unreadable(): Error {
  return new Error("The answer was not HTTP.");
}
