/**
 * A run's stream without text encoding: a header of 8 bytes (the kind, three zero bytes, the length as a big-endian
 * uint32), then that many bytes.
 */
export const framesType = "application/vnd.hostrun.frames";

export const frameKinds = {
  /** An event as JSON, with its `id`; never `output`. */
  event: 0,
  /** The bytes as the command wrote them. */
  stdout: 1,
  stderr: 2,
  /** Empty; shows that the stream is alive. */
  keepAlive: 3,
  /** JSON: the `offset` in its stream of the next frame's output, and its `timestamp`; with `?positions=1`. */
  position: 4,
} as const;

export const frameHeadBytes = 8;
