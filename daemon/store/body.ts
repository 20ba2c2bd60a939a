import type { SegmentReader } from "./segments.ts";

/** Where the bytes of an event are: in its row, or at a place in a file. */
export interface BodyRow {
  readonly body: Buffer;
  readonly segment: number | null;
  readonly position: number | null;
  readonly size: number | null;
}

/** Undefined for what lies in a file and is not there any more. */
export function bodyOf(
  { body, segment, position, size }: BodyRow,
  reader: SegmentReader,
): Buffer | undefined {
  if (segment === null || position === null || size === null) return body;
  return reader.read({ segment, position, size });
}
