import type { Readable } from "node:stream";
import { routes } from "../protocol/routes.ts";
import { failed, openRequest, pathOf, problemOf, readAll } from "./open-request.ts";
import { type Reply, wholeBody } from "./reply.ts";
import type { Transport } from "./transport.ts";

export interface OutputOptions {
  readonly signal?: AbortSignal | undefined;
  /** Only this range of bytes, as in HTTP: `bytes=0-99`, `bytes=-100`. */
  readonly range?: string | undefined;
}

/** A run's recorded output; break out of the loop to stop early. */
export async function openOutput(
  transport: Transport,
  run: string,
  stream: "stdout" | "stderr" | "both",
  { signal, range }: OutputOptions = {},
): Promise<AsyncIterable<Buffer>> {
  const headers = range === undefined ? {} : { range };
  const input = { params: { run }, query: { stream }, signal, headers };
  return wholeBody((await openRequest(transport, routes.runOutput, input, "*/*")).body);
}

/** The daemon's state as one file; a body shorter than its `length` is incomplete. */
export function openBackup(transport: Transport, signal?: AbortSignal): Promise<Reply> {
  return openRequest(transport, routes.backup, { signal, ownConnection: true }, "*/*");
}

/**
 * Streams `source` to the standard input of a run as fast as the daemon accepts it; with `end` the command's input is
 * then closed. Rejects with `conflict` when the run has ended.
 */
export async function writeStdin(
  transport: Transport,
  run: string,
  source: Readable,
  options: { readonly end: boolean; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const path = pathOf(routes.runStdin, { run }, { end: options.end ? "true" : "false" });
  const headers = { "content-type": "application/octet-stream", accept: "application/json" };
  const reply = await transport.send(
    { method: "POST", path, headers, body: source, reusable: false },
    options.signal,
  );
  const bytes = await readAll(reply, path);
  if (failed(reply)) throw problemOf(reply, bytes);
}
