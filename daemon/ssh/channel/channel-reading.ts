import type { ClientChannel } from "ssh2";

/**
 * Tells of data after the end of a stream, at the moment when ssh2 hands it over. What a stream says of it by itself
 * (ERR_STREAM_PUSH_AFTER_EOF) is not enough: once its end was read it is destroyed and drops the bytes without a word.
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

/**
 * With `true` the server is given no further window, so that it stops once it has sent what it may (RFC 4254, section
 * 5.2), at most 2 MiB; everything that comes is still handed over. ssh2 refills the window when `push` or `_read` say that
 * a stream takes more, so they say that it does not.
 */
export function holdWindow(channel: ClientChannel): (held: boolean) => void {
  let held = false;
  const refills = [channel, channel.stderr].map((stream) => {
    const push = stream.push.bind(stream);
    stream.push = (chunk: unknown, encoding?: BufferEncoding) => push(chunk, encoding) && !held;
    const inherited: unknown = Reflect.get(stream, "_read");
    let asked = false;
    const read = (size: number): void => {
      asked = held;
      if (!held && typeof inherited === "function") Reflect.apply(inherited, stream, [size]);
    };
    Reflect.set(stream, "_read", read);
    return () => asked && read(0);
  });
  return (hold) => {
    held = hold;
    if (!held) for (const refill of refills) refill();
  };
}
