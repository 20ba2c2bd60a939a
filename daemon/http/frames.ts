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
  heartbeat: frame(frameKinds.keepAlive, Buffer.alloc(0)),
};

export interface FrameView {
  readonly epoch: string;
  readonly runId: string;
  /** Whether shell noise is sent, too. */
  readonly raw: boolean;
  /** Whether the place and the time of each piece of output are sent before it. */
  readonly positions: boolean;
  /** Bytes of each stream that the reader has already. */
  readonly offsets: Readonly<Record<OutputStream, number>>;
}

/** The frames of one reader. To be called with its events in their order; what it has already becomes no bytes at all. */
export function createFrameEncoder(view: FrameView): (event: StoredEvent) => Buffer {
  const { epoch, runId, raw, positions } = view;
  const at = { ...view.offsets };
  const message = (event: Parameters<typeof protocolEvent>[0]): Buffer => {
    const fields = { id: `${epoch}.${event.seq}`, ...protocolEvent(event, runId) };
    return frame(frameKinds.event, Buffer.from(JSON.stringify(fields)));
  };
  return (event) => {
    if (event.kind === "control") return message(event);
    const { stream } = event;
    if (event.kind === "gap") {
      const from = Math.max(event.from, at[stream]);
      if (event.to <= from) return nothing;
      at[stream] = event.to;
      return message({ ...event, from });
    }
    const { offset, noise } = event;
    const bytes = event.bytes.subarray(Math.max(0, at[stream] - offset));
    at[stream] = Math.max(at[stream], offset + event.bytes.length);
    if (bytes.length === 0 || (noise && !raw)) return nothing;
    if (!positions) return frame(frameKinds[stream], bytes);
    const place = { offset: at[stream] - bytes.length, timestamp: event.at };
    const position = frame(frameKinds.position, Buffer.from(JSON.stringify(place)));
    return Buffer.concat([position, frame(frameKinds[stream], bytes)]);
  };
}

/** Whether a request's Accept asks for frames, where there are any, rather than for what else there is. */
export function wantsFrames(
  { alsoFrames }: Pick<Endpoint, "alsoFrames">,
  accept: string | undefined,
): boolean {
  return alsoFrames === true && acceptedType(accept, [framesType, eventsType, jsonType]) === framesType;
}

/** Whether it asks for events at once where there is an answer as JSON, too. */
export function wantsEvents(accept: string | undefined): boolean {
  return acceptedType(accept, [eventsType, jsonType]) === eventsType;
}

const nothing = Buffer.alloc(0);

function frame(kind: number, ...parts: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(frameHeadBytes);
  head[0] = kind;
  head.writeUInt32BE(
    parts.reduce((sum, { length }) => sum + length, 0),
    4,
  );
  return Buffer.concat([head, ...parts]);
}
