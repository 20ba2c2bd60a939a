import { isUtf8 } from "node:buffer";
import { StringDecoder } from "node:string_decoder";
import { stripVTControlCharacters } from "node:util";
import { fenced } from "../protocol/fenced.ts";
import { outcomeText } from "../protocol/outcome-text.ts";
import type { Run } from "../protocol/run.ts";
import { formatSpan } from "../protocol/span.ts";
import { visible } from "../protocol/visible.ts";
import type { Daemon } from "./daemon.ts";

export const runExportFormats = ["text", "json", "markdown"] as const;
export type RunExportFormat = (typeof runExportFormats)[number];

/**
 * A Markdown code block must be known completely before it begins. Output up to this size is also buffered to check
 * whether it is text.
 */
const maxBlockBytes = 1024 * 1024;

type Source = Pick<Daemon, "openOutput">;

/**
 * Exports runs and their recorded output in chunks: as text with the output byte for byte, as a JSON array of the
 * API's runs with `stdout` and `stderr` (in base64 if it is not UTF-8, marked by `stdoutEncoding` or
 * `stderrEncoding`), or as Markdown with the first MiB of each output as plain text, and a note if it is not text.
 */
export async function* exportedRuns(
  daemon: Source,
  runs: AsyncIterable<Run> | Iterable<Run>,
  format: RunExportFormat,
): AsyncGenerator<Buffer | string> {
  let isFirst = true;
  if (format === "json") yield "[";
  for await (const run of runs) {
    if (!isFirst) yield format === "json" ? "," : "\n";
    isFirst = false;
    if (format === "json") yield* asJson(daemon, run);
    else if (format === "text") yield* asText(daemon, run);
    else yield* asMarkdown(daemon, run);
  }
  if (format === "json") yield "\n]\n";
}

/** A one-line summary of a run. */
function summary(run: Run): string {
  const parts = [
    run.host.name,
    run.createdAt,
    outcomeText(run),
    formatSpan(run.timings.totalMs),
    run.note ?? "",
  ];
  return parts.filter((part) => part !== "").join(", ");
}

async function* asText(daemon: Source, run: Run): AsyncGenerator<Buffer | string> {
  yield `# ${visible(summary(run))}\n$ ${run.command}\n`;
  let last: number | undefined;
  for await (const chunk of await daemon.openOutput(run.id, "both")) {
    yield chunk;
    last = chunk.at(-1);
  }
  if (last !== undefined && last !== 10) yield "\n";
  if (run.problem !== null) yield `# ${visible(run.problem.detail)}\n`;
}

async function* asJson(daemon: Source, run: Run): AsyncGenerator<string> {
  yield `\n${JSON.stringify(run).slice(0, -1)}`;
  for (const stream of ["stdout", "stderr"] as const) {
    const held = await heldOutput(daemon, run, stream);
    const encoding = (held === undefined ? await isText(daemon, run, stream) : isUtf8(held))
      ? "utf8"
      : "base64";
    yield `,"${stream}":"`;
    const decoder = new StringDecoder(encoding);
    for await (const chunk of held === undefined ? await daemon.openOutput(run.id, stream) : [held])
      yield inJson(decoder.write(chunk));
    yield `${inJson(decoder.end())}"`;
    if (encoding === "base64") yield `,"${stream}Encoding":"base64"`;
  }
  yield "}";
}

/** Reads small output at once, and skips the request for empty output; undefined: it is large, or still growing. */
async function heldOutput(
  daemon: Source,
  run: Run,
  stream: "stdout" | "stderr",
): Promise<Buffer | undefined> {
  const bytes = stream === "stdout" ? run.stdoutBytes : run.stderrBytes;
  if (run.state !== "ended" || bytes > maxBlockBytes) return undefined;
  const chunks: Buffer[] = [];
  if (bytes > 0) for await (const chunk of await daemon.openOutput(run.id, stream)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Reads the output to its end in advance: it is too large to buffer. */
async function isText(daemon: Source, run: Run, stream: "stdout" | "stderr"): Promise<boolean> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for await (const chunk of await daemon.openOutput(run.id, stream))
      decoder.decode(chunk, { stream: true });
    decoder.decode();
    return true;
  } catch (failure) {
    // Thrown for invalid UTF-8.
    if (failure instanceof TypeError) return false;
    throw failure;
  }
}

async function* asMarkdown(daemon: Source, run: Run): AsyncGenerator<string> {
  yield `**${escaped(summary(run))}**\n\n${fenced(run.command)}\n`;
  const output = await daemon.openOutput(run.id, "both");
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Breaking out of the loop closes the connection.
  for await (const chunk of output) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxBlockBytes) break;
  }
  const shown = Buffer.concat(chunks).subarray(0, maxBlockBytes);
  const text = stripVTControlCharacters(shown.toString());
  // The replacement character of one cut by the limit is the last one.
  if (text.slice(0, -1).includes("\ufffd") && !isUtf8(shown))
    yield "*This output is not text in UTF-8: what is not is shown as \ufffd. Export it as JSON or text to have its bytes.*\n\n";
  yield fenced(bytes > maxBlockBytes ? `${text}\n…` : text);
  if (run.problem !== null) yield `\n${escaped(run.problem.detail)}\n`;
}

/** Without the surrounding quotes. */
function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** Escapes text for Markdown. */
function escaped(text: string): string {
  return visible(text).replaceAll(/[\\`*_[\]<>|#~]/g, "\\$&");
}
