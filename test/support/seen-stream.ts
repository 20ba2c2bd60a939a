import type { IncomingMessage } from "node:http";
import { RunReading, readMessages, type SseMessage } from "./run-stream.ts";

/** What a reader got of a stream, whether or not it came to its end. */
export interface SeenStream {
  readonly messages: readonly SseMessage[];
  /** The same, held to what the contract says of a stream. */
  readonly reading: RunReading;
  readonly ended: boolean;
}

const cutCodes = new Set(["ECONNRESET", "ECONNREFUSED", "ENOENT", "EPIPE", "ERR_STREAM_PREMATURE_CLOSE"]);

/** Whether a request or a stream failed because nobody is at the other end any more. */
export function isCut(failure: unknown): boolean {
  return (
    failure instanceof Error &&
    "code" in failure &&
    typeof failure.code === "string" &&
    cutCodes.has(failure.code)
  );
}

/** Reads until the stream ends or breaks. */
export async function readSeen(stream: IncomingMessage): Promise<SeenStream> {
  const reading = new RunReading();
  const messages: SseMessage[] = [];
  try {
    for await (const message of readMessages(stream, "cut")) {
      reading.take(message);
      messages.push(message);
    }
  } catch (failure) {
    if (!isCut(failure)) throw failure;
  }
  return { messages, reading, ended: reading.events.at(-1)?.type === "complete" };
}

/** How many of the bytes that `shown` has are not in `record` under the same event ids. */
export function bytesMissing(shown: readonly SseMessage[], record: readonly SseMessage[]): number {
  const recorded = new Map(record.map(({ id, data }) => [id, JSON.stringify(data)]));
  return shown
    .map(({ id, data }) => ({ id, text: JSON.stringify(data) }))
    .filter(({ id, text }) => recorded.get(id) !== text)
    .reduce((sum, { text }) => sum + text.length, 0);
}
