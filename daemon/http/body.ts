import { on } from "node:events";
import type { IncomingMessage } from "node:http";
import { refusedField } from "../../protocol/invalid-request.ts";
import { Problem } from "../../protocol/problem.ts";
import { visibleLine } from "../../protocol/visible.ts";
import { timeLimit } from "../core/loop-time.ts";
import { repeatedMember } from "../core/json-members.ts";

const maxBytes = 1024 * 1024;
const maxDepth = 32;
const utf8 = new TextDecoder("utf-8", { fatal: true });
/** For a body of at most 1 MiB over a local connection, counted from the head of the request. */
const bodyTimeoutMs = 30_000;
const discardedBytes = 16 * 1024 * 1024;
const discardingMs = 5000;

/**
 * The JSON of a request's body; an absent body is read as `{}`. Throws `too_large`, `unsupported_media_type`,
 * `invalid_request`; `request_timeout` if the body is not complete in time.
 */
export async function readJson(request: IncomingMessage, timeoutMs = bodyTimeoutMs): Promise<unknown> {
  const declared = Number(request.headers["content-length"] ?? 0);
  if (declared > maxBytes) throw tooLarge();
  if (declared === 0 && request.headers["transfer-encoding"] === undefined) return {};
  if (mediaType(request) !== "application/json") {
    throw new Problem(
      "unsupported_media_type",
      "The body must be JSON. Send it with the header Content-Type: application/json.",
    );
  }
  refuseCharset(request.headers["content-type"] ?? "");
  using limit = timeLimit(timeoutMs);
  try {
    return parseJson(await readAll(request, limit.signal));
  } catch (failure) {
    throw limit.signal.aborted ? requestTimeout(timeoutMs) : failure;
  }
}

/**
 * Uses listeners: nearly every body is one chunk, and an iterator of events would take longer than everything else
 * here.
 */
function readAll(request: IncomingMessage, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const all = Promise.withResolvers<Buffer>();
  const take = (chunk: Buffer): void => {
    size += chunk.length;
    if (size > maxBytes) all.reject(tooLarge());
    else chunks.push(chunk);
  };
  const end = (): void => {
    if (request.complete) all.resolve(Buffer.concat(chunks));
    else all.reject(new Error("The client has left"));
  };
  const abort = (): void => all.reject(new Error("The body has not come to its end"));
  signal.addEventListener("abort", abort);
  request.on("data", take).on("end", end).on("close", end);
  if (request.destroyed) end();
  return all.promise.finally(() => {
    signal.removeEventListener("abort", abort);
    request.off("data", take).off("end", end).off("close", end);
    request.pause();
  });
}

/**
 * The chunks of a body, read no faster than they are consumed. Throws when `signal` is aborted or the client has
 * disconnected. If the consumer stops early, the connection stays open for the response.
 */
export async function* chunksOf(request: IncomingMessage, signal: AbortSignal): AsyncGenerator<Buffer> {
  if (request.destroyed) throw new Error("The client has left");
  const pace = { highWaterMark: 4, lowWaterMark: 1 };
  for await (const [chunk] of on(request, "data", { signal, close: ["end", "close"], ...pace })) {
    if (Buffer.isBuffer(chunk)) yield chunk;
  }
  if (!request.complete) throw new Error("The client has left");
}

/** Whether the head of a request announces a body, which may be of no bytes. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
}

/**
 * Reads and discards the rest of a body: a client that is still sending reads the response only afterwards. A client
 * that does not finish is disconnected.
 */
export function discardBody(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  let left = discardedBytes;
  const late = setTimeout(() => request.destroy(), discardingMs);
  request.on("close", () => clearTimeout(late));
  request.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) request.destroy();
  });
  request.resume();
}

/** The media type of a request's body in lower case, without parameters. */
export function mediaType(request: IncomingMessage): string {
  return (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/** Parameters of a media type (RFC 9110, section 5.6.6); a quoted value may contain semicolons. */
const parameter = /;\s*([^\s=;]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)/g;

/** JSON is always in UTF-8 (RFC 8259, section 8.1): a client that sends another charset means other characters. */
function refuseCharset(type: string): void {
  for (const [, name = "", value = ""] of type.matchAll(parameter)) {
    const charset = value.trim().replace(/^"(.*)"$/, "$1");
    if (name.toLowerCase() !== "charset" || /^utf-?8$/i.test(charset)) continue;
    throw new Problem(
      "unsupported_media_type",
      `The body must be in UTF-8, not "${visibleLine(charset)}". Leave the charset out, or send charset=utf-8.`,
    );
  }
}

/** Compressed bodies are refused rather than decoded. */
export function refuseEncoded(request: IncomingMessage): void {
  if (/^(?:identity)?$/i.test(request.headers["content-encoding"] ?? "")) return;
  throw new Problem("unsupported_media_type", "The body must not be compressed (Content-Encoding).");
}

function parseJson(bytes: Buffer): unknown {
  let value: unknown;
  let text: string;
  try {
    text = utf8.decode(bytes);
    value = JSON.parse(text);
  } catch {
    // The error message quotes the body, which may contain a secret.
    throw invalid("The body is not JSON in UTF-8.");
  }
  if (!shallow(value, maxDepth)) throw invalid(`The body is nested more than ${maxDepth} levels deep.`);
  const repeated = repeatedMember(text);
  if (repeated !== undefined) throw invalid("is given more than once", visibleLine(repeated));
  const lost = pathWhere(value, (name) => name === "__proto__");
  // It would be lost, since assigning it sets the prototype.
  if (lost !== undefined) throw invalid("must not be called __proto__", visibleLine(lost));
  const halved = pathWhere(value, (name, inner) => isHalved(name) || isHalved(inner));
  if (halved !== undefined) {
    throw invalid(
      "must be text, and has half of a character (\\ud800 to \\udfff alone)",
      visibleLine(halved),
    );
  }
  return value;
}

/** JSON can contain strings that UTF-8 cannot, which would arrive as other characters (RFC 8259, section 8.2). */
function isHalved(value: unknown): boolean {
  return typeof value === "string" && !value.isWellFormed();
}

function shallow(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => shallow(inner, levels - 1));
}

/** The path of the first member for which `wrong` returns true. */
function pathWhere(value: unknown, wrong: (name: string, inner: unknown) => boolean): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    if (wrong(name, inner)) return name;
    const below = pathWhere(inner, wrong);
    if (below !== undefined) return `${name}.${below}`;
  }
  return undefined;
}

function requestTimeout(timeoutMs: number): Problem {
  const detail = `The request body was not received within ${timeoutMs / 1000} s. Send the whole request again.`;
  return new Problem("request_timeout", detail);
}

function tooLarge(): Problem {
  return new Problem("too_large", "The body is larger than 1 MiB.");
}

function invalid(message: string, path = ""): Problem {
  return refusedField(path, message);
}
