import type { Duplex } from "node:stream";
import { replaceWriting } from "../ssh2-internals.ts";

/** Of a command's input no more than this is in the queue at once, so that what else is sent has its turn. */
const pieceBytes = 64 * 1024;
/** Twice what a stream takes before it asks to wait: nobody gets there who waits when asked to. */
const maxQueuedBytes = 4 * 1024 * 1024;

export interface OutgoingQueueOptions {
  /** A key exchange is under way: ssh2 keeps what is sent meanwhile. */
  readonly blocked: () => boolean;
  /** So many bytes of a channel's data go out. */
  readonly sent: (bytes: number) => void;
  /** The peer takes nothing, and has us answer all the same. */
  readonly exceeded: () => void;
}

/** What waits for a peer to take it. ssh2 writes without looking whether anybody reads. */
export class OutgoingQueue {
  readonly #socket: Duplex;
  readonly #options: OutgoingQueueOptions;
  readonly #waiting: (() => void)[] = [];

  constructor(socket: Duplex, options: OutgoingQueueOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on("drain", () => this.flush());
    // Before ssh2, which writes each of its answers by itself, takes the data.
    socket.on("data", () => {
      if (socket.writableLength > maxQueuedBytes) options.exceeded();
      socket.cork();
      queueMicrotask(() => socket.uncork());
    });
  }

  /** From now on what is written on a channel of the connection waits until the peer takes it. */
  pace(channel: Duplex): void {
    replaceWriting(channel, (inner) => {
      const write: typeof inner = (chunk, encoding, done) => {
        const piece = chunk.subarray(0, pieceBytes);
        const rest = chunk.subarray(pieceBytes);
        this.#whenTaken(() => {
          this.#options.sent(piece.length);
          inner(piece, encoding, (failure) => {
            if (rest.length === 0 || failure instanceof Error) done(failure);
            else write(rest, encoding, done);
          });
        });
      };
      return write;
    });
  }

  /** What is sent in this turn of the event loop goes out in one write. */
  gather(): void {
    this.#socket.cork();
    setImmediate(() => this.#socket.uncork());
  }

  /** Goes on where it was blocked. */
  flush(): void {
    while (!this.#isFull()) {
      const write = this.#waiting.shift();
      if (write === undefined) return;
      write();
    }
  }

  #whenTaken(write: () => void): void {
    if (this.#waiting.length === 0 && !this.#isFull()) write();
    else this.#waiting.push(write);
  }

  #isFull(): boolean {
    return this.#socket.writableNeedDrain || this.#options.blocked();
  }
}
