import type { Duplex } from "node:stream";
import { replaceWriting } from "../ssh2-internals.ts";

/** The largest piece of a command's input that is queued at once, so that other messages get their turn. */
const pieceBytes = 64 * 1024;
/** Twice what a stream accepts before it asks to wait for "drain": a writer that does wait never gets there. */
const maxQueuedBytes = 4 * 1024 * 1024;

export interface OutgoingQueueOptions {
  /** A key exchange is in progress: ssh2 queues what is sent meanwhile. */
  readonly blocked: () => boolean;
  /** Called with the number of bytes of a channel's data that were sent. */
  readonly sent: (bytes: number) => void;
  /** The peer does not read, yet keeps sending messages that need replies. */
  readonly exceeded: () => void;
}

/** Data that waits for the peer to accept it. ssh2 by itself writes without checking whether the peer reads. */
export class OutgoingQueue {
  readonly #socket: Duplex;
  readonly #options: OutgoingQueueOptions;
  readonly #waiting: (() => void)[] = [];

  constructor(socket: Duplex, options: OutgoingQueueOptions) {
    this.#socket = socket;
    this.#options = options;
    gatherWrites(socket);
    socket.on("drain", () => this.flush());
    // Runs before ssh2 handles the data and replies.
    socket.on("data", () => {
      if (socket.writableLength > maxQueuedBytes) options.exceeded();
    });
  }

  /** From now on, writes on this channel of the connection wait until the peer accepts them. */
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

  /** Resumes the writes that were blocked. */
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
 * ssh2 writes a packet in up to three pieces. Everything sent in one turn of the event loop is flushed in one write,
 * which wakes the peer once: a command is sent together with its variables and the opening of the next session. The flush
 * comes after the turn's events for a run's readers, who need not wait for our reply to the end of a session.
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
