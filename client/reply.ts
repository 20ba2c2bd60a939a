import type { Readable } from "node:stream";

/** The head of an HTTP response, and its body. */
export interface Reply {
  readonly status: number;
  /** The size of the body in bytes, if the head includes it. */
  readonly length: number | undefined;
  readonly body: Body;
}

/** The bytes of an answer as they arrive. Breaking out of the loop leaves the rest to be read later. */
export interface Body extends AsyncIterable<Buffer> {
  /** Reads and discards the rest, so that the connection can serve another request. */
  readOut(): Promise<void>;
  /** Closes the connection of a body that was not read to its end; reading it then throws the failure. */
  destroy(failure?: Error): void;
}

/** The body of an answer that Node's HTTP client reads. */
export class StreamBody implements Body {
  readonly #stream: Readable;

  constructor(stream: Readable) {
    this.#stream = stream;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    for await (const chunk of this.#stream.iterator({ destroyOnReturn: false })) {
      if (chunk instanceof Buffer) yield chunk;
    }
  }

  async readOut(): Promise<void> {
    this.#stream.resume();
    if (!this.#stream.closed) await new Promise((resolve) => this.#stream.once("close", resolve));
  }

  destroy(failure?: Error): void {
    this.#stream.destroy(failure);
  }
}

/** The bytes of a body; breaking out of the loop closes the connection. */
export async function* wholeBody(body: Body): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* body;
  } finally {
    body.destroy();
  }
}
