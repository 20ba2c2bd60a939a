import type { OutputStream } from "../protocol/event.ts";
import { formatBytes } from "../protocol/size.ts";
import type { ScreenSize } from "../terminal/csi-limits.ts";
import { EscapeFilter } from "../terminal/escape-filter.ts";
import { Pen } from "../terminal/pen.ts";
import { stderrMark } from "./stderr-marks.ts";
import { label } from "./labels.ts";

interface Voice {
  filter: EscapeFilter;
  pen: Pen;
  decoder: TextDecoder;
}

export interface OutputChunk {
  stream: OutputStream;
  data: string;
  encoding?: "base64" | undefined;
}

/** Merges the chunks of stdout and stderr into one stream for the screen, in which they remain distinguishable. */
export class ScreenWriter {
  readonly #voices: Record<OutputStream, Voice>;
  #speaking: OutputStream | undefined;
  #lineBegun = false;

  constructor(size: () => ScreenSize) {
    this.#voices = { stdout: createVoice("stdout", size), stderr: createVoice("stderr", size) };
  }

  /** Returns what to write for this chunk, and how many bytes of output it contained. */
  take({ stream, data, encoding }: OutputChunk): { text: string; bytes: number } {
    const { filter, pen, decoder } = this.#voices[stream];
    const bytes = encoding === "base64" ? fromBase64(data) : encoder.encode(data);
    // Bytes that are not text are shown as U+FFFD, even if a chunk boundary splits them.
    const decoded = encoding === "base64" ? decoder.decode(bytes, { stream: true }) : decoder.decode() + data;
    const turn = this.#speaking === stream ? "" : draw(stream, pen);
    this.#speaking = stream;
    const text = turn + filter.push(decoded);
    if (decoded !== "") this.#lineBegun = !decoded.endsWith("\n");
    return { text, bytes: bytes.length };
  }

  /** A line typed for a command that has no terminal to echo it. */
  typed(line: string): string {
    this.#speaking = undefined;
    this.#lineBegun = false;
    return `\x1b[0;3;90m› ${line.replaceAll(/\p{Cc}/gu, " ")}\x1b[0m\r\n`;
  }

  /** A line of the panel's own, drawn pale. */
  gap(stream: OutputStream, bytes: number): string {
    const before = this.#lineBegun ? "\r\n" : "";
    this.#speaking = undefined;
    this.#lineBegun = false;
    return `${before}\x1b[0;3;90m${label("gap", formatBytes(bytes), stream)}\x1b[0m\r\n`;
  }
}

const encoder = new TextEncoder();

function createVoice(stream: OutputStream, size: () => ScreenSize): Voice {
  const pen = new Pen();
  return {
    pen,
    filter: new EscapeFilter(pen, { draw: () => draw(stream, pen), size }),
    decoder: new TextDecoder("utf-8", { ignoreBOM: true }),
  };
}

/** stderr's default foreground is the theme's red; a colour set by the program takes precedence. */
function draw(stream: OutputStream, pen: Pen): string {
  return stream === "stderr" ? pen.toSgr("31", stderrMark) : pen.toSgr();
}

function fromBase64(data: string): Uint8Array {
  const binary = atob(data);
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
