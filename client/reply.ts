import type { Readable } from "node:stream";

/** The head of an HTTP response, and its body. */
export interface Reply {
  readonly status: number;
  /** The size of the body in bytes, if the head includes it. */
  readonly length: number | undefined;
  readonly body: Readable;
}
