import type { Endpoint } from "../../protocol/endpoint.ts";
import type { OutputStream } from "../../protocol/event.ts";
import { frameHeadBytes, frameKinds, framesType } from "../../protocol/frames.ts";
import { gapOf } from "../runs/record/gap.ts";
import type { StoredEvent } from "../runs/record/run-store.ts";
import type { Wire } from "./sse.ts";

export const frames: Wire = {
  contentType: framesType,
  heartbeat: frame(frameKinds.keepAlive, Buffer.alloc(0)),
};

export interface FrameView {
  readonly epoch: string;
  readonly runId: string;
  /** Whether shell noise is sent, too. */
  readonly raw: boolean;
  /** Bytes of each stream that the reader has already. */
  readonly offsets: Readonly<Record<OutputStream, number>>;
}

/** The frames of one reader. To be called with its events in their order; what it has already becomes no bytes at all. */
export function createFrameEncoder(view: FrameView): (event: StoredEvent) => Buffer {
  const { epoch, runId, raw } = view;
  const at = { ...view.offsets };
  return (event) => {
    const { stream, start, noise, body } = event;
    const id = `${epoch}.${event.seq}`;
    const gap = gapOf(event);
    if (gap !== undefined) {
      const from = Math.max(gap.from, at[gap.stream]);
      if (gap.to <= from) return nothing;
      at[gap.stream] = gap.to;
      const fields = { id, type: "gap", runId, timestamp: event.at, ...gap, from };
      return frame(frameKinds.event, Buffer.from(JSON.stringify(fields)));
    }
    if (stream === null || start === null) {
      return frame(frameKinds.event, Buffer.from(`{"id":"${id}",`), body.subarray(1));
    }
    const bytes = body.subarray(Math.max(0, at[stream] - start));
    at[stream] = Math.max(at[stream], start + body.length);
    return bytes.length === 0 || (noise && !raw) ? nothing : frame(frameKinds[stream], bytes);
  };
}

/** Whether a request's Accept asks for frames, where there are any. */
export function wantsFrames(
  { alsoFrames }: Pick<Endpoint, "alsoFrames">,
  accept: string | undefined,
): boolean {
  return alsoFrames === true && accept?.includes(framesType) === true;
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
