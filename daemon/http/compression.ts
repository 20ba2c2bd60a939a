import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type Koa from "koa";

const compress = promisify(gzip);
/** Smaller bodies are not worth the time. */
const minBytes = 1024;

/** Compresses JSON for clients that accept it; streams are sent as they are. */
export async function compressJson(context: Koa.Context, next: Koa.Next): Promise<void> {
  await next();
  const { body } = context;
  if (typeof body !== "string" || Buffer.byteLength(body) <= minBytes || context.type !== "application/json")
    return;
  context.vary("Accept-Encoding");
  if (context.acceptsEncodings("gzip", "identity") !== "gzip") return;
  const { type } = context;
  context.body = await compress(body);
  context.type = type;
  context.set("Content-Encoding", "gzip");
}
