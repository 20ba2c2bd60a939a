import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Problem } from "../../protocol/problem.ts";
import { visibleLine } from "../../protocol/visible.ts";
import type { Bytes } from "./exchange.ts";

/** Sends bytes, or the one range of them that was asked for (RFC 9110, section 14). */
export async function sendBytes(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Bytes,
): Promise<void> {
  const range = parseRange(request.headers.range, bytes.size);
  if (range === "outside") {
    response.setHeader("Content-Range", `bytes */${bytes.size}`);
    throw new Problem(
      "range_not_satisfiable",
      `There are ${bytes.size} bytes; the range ${visibleLine(request.headers.range ?? "")} is outside of them.`,
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

/** A form that is no single byte range is passed over, as the RFC allows. */
function parseRange(
  header: string | undefined,
  size: number,
): { from: number; to: number } | "outside" | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  const [, first = "", last = ""] = match ?? [];
  if (match === null || (first === "" && last === "")) return undefined;
  const from = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const to = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  return from < to ? { from, to } : "outside";
}
