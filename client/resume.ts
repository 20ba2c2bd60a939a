import type { Readable } from "node:stream";
import { Problem } from "../protocol/problem.ts";
import { BackOff } from "./back-off.ts";
import type { Reply } from "./reply.ts";

export interface ResumeOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long a cut stream is tried to be resumed without getting anywhere; default 10 s. */
  readonly giveUpAfterMs?: number | undefined;
  /** Called before a stream that was cut is opened again: the daemon may have to be started. What it throws ends this one. */
  readonly revive?: (() => Promise<void>) | undefined;
}

/** A stream that can be opened again where it was cut. */
export interface ResumableSource<Item> {
  /** Opens the stream behind what `read` has given so far; rejects with a Problem. */
  open(signal: AbortSignal | undefined): Promise<Reply>;
  read(chunks: AsyncIterable<Buffer>): AsyncIterable<Item>;
  /** Whether this item is the last one; a stream that ends without it was cut. */
  isLast(item: Item): boolean;
}

/** The daemon shows every 15 s that the stream is alive; three missing signs mean that it hangs. */
const silentMs = 45_000;
const endMs = 200;

/**
 * The items of a stream across cuts. It reads no faster than it is iterated. Ends after the last item; throws the
 * Problem that makes going on impossible, or the signal's AbortError.
 */
export async function* resume<Item>(
  source: ResumableSource<Item>,
  { signal, giveUpAfterMs = 10_000, revive }: ResumeOptions,
): AsyncGenerator<Item, void, undefined> {
  const backOff = new BackOff(giveUpAfterMs);
  for (;;) {
    let failure: Problem;
    try {
      let ended = false;
      for await (const item of readOnce(source, signal)) {
        backOff.reset();
        ended = source.isLast(item);
        yield item;
      }
      if (ended) return;
      failure = cut("ended before the last event");
    } catch (error) {
      signal?.throwIfAborted();
      if (!isCut(error)) throw error;
      failure = error;
    }
    if (!(await backOff.next(signal))) throw failure;
    await revive?.();
  }
}

async function* readOnce<Item>(
  source: ResumableSource<Item>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Item, void, undefined> {
  const { body: stream } = await source.open(signal);
  let ended = false;
  try {
    for await (const item of source.read(watched(stream))) {
      ended = source.isLast(item);
      yield item;
      if (ended) return;
    }
  } finally {
    if (ended) await readOut(stream);
    else stream.destroy();
  }
}

/** The daemon ends the answer after the last event; read to its end, the connection serves the next request. */
async function readOut(stream: Readable): Promise<void> {
  const late = setTimeout(() => stream.destroy(), endMs);
  stream.resume();
  if (!stream.closed) await new Promise((resolve) => stream.once("close", resolve));
  clearTimeout(late);
}

const mended: readonly unknown[] = ["cut", "not_running", "crowded"];

/** Only what a new connection can mend is tried again. */
function isCut(error: unknown): error is Problem {
  return (
    error instanceof Problem && error.code === "daemon_unreachable" && mended.includes(error.members.reason)
  );
}

export function cut(what: string, cause?: unknown): Problem {
  return new Problem(
    "daemon_unreachable",
    `The event stream ${what}. See \`hostrun status\` and \`hostrun logs\`.`,
    { reason: "cut", cause },
  );
}

/**
 * The chunks of a stream; a break, or silence while somebody waits for more, is thrown as a cut. The time in
 * which the reader is busy with a chunk does not count.
 */
async function* watched(stream: Readable): AsyncGenerator<Buffer, void, undefined> {
  let waiting = true;
  const watchdog = setInterval(() => {
    if (waiting) stream.destroy(new Error("silent"));
  }, silentMs).unref();
  try {
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      waiting = false;
      if (chunk instanceof Buffer) yield chunk;
      waiting = true;
      watchdog.refresh();
    }
  } catch (error) {
    throw error instanceof Problem ? error : cut("was cut", error);
  } finally {
    clearInterval(watchdog);
  }
}
