import type { SegmentReader } from "./segments.ts";

/** Where the bytes of an event are: in its row, or at a position in a file. */
export interface BodyRow {
  readonly body: Buffer;
  readonly segment: number | null;
  readonly position: number | null;
  readonly size: number | null;
}

/** Undefined for bytes in a file that no longer has them. */
export function bodyOf(
  { body, segment, position, size }: BodyRow,
  reader: SegmentReader,
): Buffer | undefined {
  if (segment === null || position === null || size === null) return body;
  return reader.read({ segment, position, size });
}
