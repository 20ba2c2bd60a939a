import { Problem } from "../protocol/problem.ts";
import { BackOff } from "./back-off.ts";
import type { Body, Reply } from "./reply.ts";

export interface ResumeOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long to try to resume an interrupted stream without progress; default 10 s. */
  readonly giveUpAfterMs?: number | undefined;
  /**
   * Called before an interrupted stream is reopened: the daemon may have to be started. What it throws ends the
   * stream.
   */
  readonly revive?: (() => Promise<void>) | undefined;
}

/** A stream that can be reopened where it was interrupted. */
export interface ResumableSource<Item> {
  /** Opens the stream after what `read` has yielded so far; rejects with a Problem. */
  open(signal: AbortSignal | undefined): Promise<Reply>;
  read(chunks: AsyncIterable<Buffer>): AsyncIterable<Item>;
  /** Whether this item is the last one; a stream that ends without it was interrupted. */
  isLast(item: Item): boolean;
}

/** The daemon sends a keep-alive every 15 s; three missing ones mean that it hangs. */
const silentMs = 45_000;
const endMs = 200;

/** The status of a stream with no items after the place where it was to be resumed. */
const pastEnd = 204;

/**
 * The items of a stream, which is reopened if it is interrupted. Reads no faster than it is iterated. Ends after the
 * last item, at once if that was read before; throws the Problem that makes it impossible to resume, or the signal's AbortError.
 */
export async function* resume<Item>(
  source: ResumableSource<Item>,
  { signal, giveUpAfterMs = 10_000, revive }: ResumeOptions,
): AsyncGenerator<Item, void, undefined> {
  const backOff = new BackOff(giveUpAfterMs);
  for (;;) {
    let failure: Problem;
    try {
      const reply = await source.open(signal);
      if (reply.status === pastEnd) {
        await readOut(reply.body);
        return;
      }
      let ended = false;
      for await (const item of readOnce(source, reply.body)) {
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
  body: Body,
): AsyncGenerator<Item, void, undefined> {
  let ended = false;
  try {
    for await (const item of source.read(watched(body))) {
      ended = source.isLast(item);
      yield item;
      if (ended) return;
    }
  } finally {
    if (ended) await readOut(body);
    else body.destroy();
  }
}

/** The daemon ends the answer after the last event; read to its end, the connection serves the next request. */
async function readOut(body: Body): Promise<void> {
  const late = setTimeout(() => body.destroy(), endMs);
  await body.readOut();
  clearTimeout(late);
}

const mended: readonly unknown[] = ["cut", "not_running", "crowded"];

/** Only failures that a new connection may overcome are retried. */
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
 * The chunks of a stream; throws a cut when it breaks, or is silent while the reader waits. Time that the reader
 * spends on a chunk does not count.
 */
async function* watched(body: Body): AsyncGenerator<Buffer, void, undefined> {
  let waiting = true;
  const watchdog = setInterval(() => {
    if (waiting) body.destroy(new Error("silent"));
  }, silentMs).unref();
  try {
    for await (const chunk of body) {
      waiting = false;
      yield chunk;
      waiting = true;
      watchdog.refresh();
    }
  } catch (error) {
    throw error instanceof Problem ? error : cut("was cut", error);
  } finally {
    clearInterval(watchdog);
  }
}
