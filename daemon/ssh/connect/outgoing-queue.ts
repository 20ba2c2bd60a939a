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
    gatherWrites(socket);
    socket.on("drain", () => this.flush());
    // Before ssh2, which answers it, takes the data.
    socket.on("data", () => {
      if (socket.writableLength > maxQueuedBytes) options.exceeded();
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

type Done = (failure: Error | null | undefined) => void;

/**
 * ssh2 writes a packet in up to three pieces. All that is sent in one turn of the event loop leaves in one write, which wakes
 * the peer once: a command goes with its variables and the opening of the next session. It leaves behind what the turn tells
 * a run's readers, who need not wait for the answer to a session's end.
 */
function gatherWrites(socket: Duplex): void {
  const write = socket.write.bind(socket);
  let gathering = false;
  socket.write = (chunk: unknown, encoding?: BufferEncoding | Done, done?: Done): boolean => {
    if (!gathering) {
      gathering = true;
      socket.cork();
      setImmediate(() => {
        gathering = false;
        socket.uncork();
      });
    }
    return typeof encoding === "string" ? write(chunk, encoding, done) : write(chunk, encoding);
  };
}
