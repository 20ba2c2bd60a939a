import { acceptedType } from "./accepted-type.ts";
import type { Endpoint } from "../../protocol/endpoint.ts";
import type { OutputStream } from "../../protocol/event.ts";
import { frameHeadBytes, frameKinds, framesType } from "../../protocol/frames.ts";
import type { StoredEvent } from "../runs/record/stored-event.ts";
import { protocolEvent } from "./event-encoding.ts";
import type { Wire } from "./sse.ts";

const eventsType = "text/event-stream";
const jsonType = "application/json";

export const frames: Wire = {
  contentType: framesType,
  heartbeat: Buffer.concat(frame(frameKinds.keepAlive, Buffer.alloc(0))),
};

export interface FrameView {
  readonly epoch: string;
  readonly runId: string;
  /** Whether shell noise is included. */
  readonly raw: boolean;
  /** Whether each piece of output is preceded by its position and time. */
  readonly positions: boolean;
  /** Number of bytes of each stream that the reader already has. */
  readonly offsets: Readonly<Record<OutputStream, number>>;
}

/**
 * Encodes events as frames for one reader, in parts so that output is not copied. Must be called with the events in
 * order; what the reader already has is encoded as nothing.
 */
export function createFrameEncoder(view: FrameView): (event: StoredEvent) => readonly Buffer[] {
  const { epoch, runId, raw, positions } = view;
  const at = { ...view.offsets };
  const message = (event: Parameters<typeof protocolEvent>[0]): readonly Buffer[] => {
    const fields = { id: `${epoch}.${event.seq}`, ...protocolEvent(event, runId) };
    return frame(frameKinds.event, Buffer.from(JSON.stringify(fields)));
  };
  return (event) => {
    if (event.kind === "control") return message(event);
    const { stream } = event;
    if (event.kind === "gap") {
      const from = Math.max(event.from, at[stream]);
      if (event.to <= from) return [];
      at[stream] = event.to;
      return message({ ...event, from });
    }
    const { offset, noise } = event;
    const bytes = event.bytes.subarray(Math.max(0, at[stream] - offset));
    at[stream] = Math.max(at[stream], offset + event.bytes.length);
    if (bytes.length === 0 || (noise && !raw)) return [];
    if (!positions) return frame(frameKinds[stream], bytes);
    const place = { offset: at[stream] - bytes.length, timestamp: event.at };
    const position = frame(frameKinds.position, Buffer.from(JSON.stringify(place)));
    return [...position, ...frame(frameKinds[stream], bytes)];
  };
}

/** Whether a request's Accept header prefers frames, if the endpoint has them, to its other formats. */
export function wantsFrames(
  { alsoFrames }: Pick<Endpoint, "alsoFrames">,
  accept: string | undefined,
): boolean {
  return alsoFrames === true && acceptedType(accept, [framesType, eventsType, jsonType]) === framesType;
}

/** Whether it prefers events where JSON is available, too. */
export function wantsEvents(accept: string | undefined): boolean {
  return acceptedType(accept, [eventsType, jsonType]) === eventsType;
}

function frame(kind: number, bytes: Buffer): readonly Buffer[] {
  const head = Buffer.alloc(frameHeadBytes);
  head[0] = kind;
  head.writeUInt32BE(bytes.length, 4);
  return [head, bytes];
}
