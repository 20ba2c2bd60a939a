import type { Writable } from "node:stream";
import type { ClientChannel } from "ssh2";

/**
 * Ends a channel's input only once. ssh2 ends it again when it destroys the channel, for which Node creates an error with
 * its stack that nobody receives.
 */
export function endOnce(channel: Writable): void {
  const end: unknown = Reflect.get(channel, "end");
  if (typeof end !== "function") return;
  Reflect.set(channel, "end", (...given: unknown[]): Writable => {
    if (given.length > 0 || !channel.writableFinished) Reflect.apply(end, channel, given);
    return channel;
  });
}

/**
 * Calls `violated` for data after the end of a stream, at the moment when ssh2 pushes it. The stream's own error
 * (ERR_STREAM_PUSH_AFTER_EOF) is not enough: once its end was read it is destroyed and silently drops the bytes.
 */
export function watchReading(channel: ClientChannel, violated: (failure: Error) => void): void {
  for (const stream of [channel, channel.stderr]) {
    const inherited = stream.push.bind(stream);
    let over = false;
    stream.push = (chunk: unknown, encoding?: BufferEncoding) => {
      if (chunk !== null && over) {
        violated(new Error("data after the end of its stream"));
        return false;
      }
      over = chunk === null;
      return inherited(chunk, encoding);
    };
  }
}
