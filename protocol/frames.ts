/**
 * A run's stream without text encoding: 8 bytes of head (the kind, three zero bytes, the length as a big-endian uint32),
 * then so many bytes.
 */
export const framesType = "application/vnd.hostrun.frames";

export const frameKinds = {
  /** An event as JSON, with its `id`; never `output`. */
  event: 0,
  /** The bytes as the command wrote them. */
  stdout: 1,
  stderr: 2,
  /** Empty; it says that the stream is alive. */
  keepAlive: 3,
  /** JSON: where the output of the next frame stands in its stream (`offset`), and its `timestamp`; with `?positions=1`. */
  position: 4,
} as const;

export const frameHeadBytes = 8;
