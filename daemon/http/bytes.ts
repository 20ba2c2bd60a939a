import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { formatCount } from "../../protocol/count.ts";
import { Problem } from "../../protocol/problem.ts";
import { visibleLine } from "../../protocol/visible.ts";
import type { Bytes } from "./request-context.ts";

/** Sends bytes, or the requested range of them (RFC 9110, section 14). */
export async function sendBytes(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Bytes,
): Promise<void> {
  // These responses have no validators, so If-Range can never match (section 13.1.5).
  const asked = request.headers["if-range"] === undefined ? request.headers.range : undefined;
  const range = parseRange(asked, bytes.size);
  if (range === "outside") {
    response.setHeader("Content-Range", `bytes */${bytes.size}`);
    throw new Problem(
      "range_not_satisfiable",
      `The size is ${formatCount(bytes.size, "byte")}, and the range ${visibleLine(request.headers.range ?? "")} is outside of it.`,
    );
  }
  const from = range?.from ?? 0;
  const to = range?.to ?? bytes.size;
  response.setHeader("Content-Type", "application/octet-stream");
  response.setHeader("Accept-Ranges", "bytes");
  response.setHeader("Content-Length", to - from);
  if (range !== undefined) response.setHeader("Content-Range", `bytes ${from}-${to - 1}/${bytes.size}`);
  response.writeHead(range === undefined ? 200 : 206);
  if (request.method === "HEAD") response.end();
  else await pipeline(Readable.from(bytes.read(from, to), { objectMode: false }), response);
}

/** Anything but a single valid byte range is ignored, as the RFC requires. */
function parseRange(
  header: string | undefined,
  size: number,
): { from: number; to: number } | "outside" | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "")?.map(numberOf) ?? [];
  if (first === undefined && last === undefined) return undefined;
  if (first === undefined) return within(Math.max(0, size - (last ?? 0)), size);
  if (last !== undefined && last < first) return undefined;
  return within(first, Math.min(size, last === undefined ? size : last + 1));
}

function numberOf(digits: string): number | undefined {
  return digits === "" ? undefined : Number(digits);
}

function within(from: number, to: number): { from: number; to: number } | "outside" {
  return from < to ? { from, to } : "outside";
}
