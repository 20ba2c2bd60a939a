import type { Readable } from "node:stream";

/** The head of an HTTP answer, and its body. */
export interface Reply {
  readonly status: number;
  /** Bytes of the body, where the head says so. */
  readonly length: number | undefined;
  readonly body: Readable;
}
