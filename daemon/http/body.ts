import type { IncomingMessage } from "node:http";
import { Problem } from "../../protocol/problem.ts";

const largestBytes = 1024 * 1024;
const deepest = 32;
const utf8 = new TextDecoder("utf-8", { fatal: true });
const discardedBytes = 16 * 1024 * 1024;
const discardingMs = 5000;

/** The JSON of a request's body; an absent body reads as `{}`. `too_large`, `unsupported_media_type`, `invalid_request`. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const declared = Number(request.headers["content-length"] ?? 0);
  if (declared > largestBytes) throw tooLarge();
  if (declared === 0 && request.headers["transfer-encoding"] === undefined) return {};
  if (mediaType(request) !== "application/json") {
    throw new Problem(
      "unsupported_media_type",
      "The body must be JSON. Send it with the header Content-Type: application/json.",
    );
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunksOf(request)) {
    size += chunk.length;
    if (size > largestBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return parseJson(Buffer.concat(chunks));
}

/** The bytes of a body as they come. Whoever stops early leaves the connection whole, for the answer. */
export async function* chunksOf(request: IncomingMessage): AsyncGenerator<Buffer> {
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (Buffer.isBuffer(chunk)) yield chunk;
  }
}

/**
 * Reads on what is left of a body and forgets it: a client that is still sending looks for its answer only
 * afterwards. One that does not come to an end is cut off.
 */
export function discardBody(request: IncomingMessage): void {
  if (request.complete) return;
  let left = discardedBytes;
  const late = setTimeout(() => request.destroy(), discardingMs);
  request.on("close", () => clearTimeout(late));
  request.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) request.destroy();
  });
}

/** The media type of a request's body in lower case, without parameters. */
export function mediaType(request: IncomingMessage): string {
  return (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

function parseJson(bytes: Buffer): unknown {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(bytes));
  } catch (cause) {
    throw invalid("The body is not JSON in UTF-8.", cause);
  }
  if (!shallow(value, deepest)) throw invalid(`The body is nested more than ${deepest} levels deep.`);
  return value;
}

function shallow(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => shallow(inner, levels - 1));
}

function tooLarge(): Problem {
  return new Problem("too_large", "The body is larger than 1 MiB, which no request needs.");
}

function invalid(detail: string, cause?: unknown): Problem {
  return new Problem("invalid_request", detail, { issues: [{ path: "", message: detail }], cause });
}
