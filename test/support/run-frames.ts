import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { FrameParser } from "../../client/frames.ts";
import type { CompleteEvent, GapEvent } from "../../protocol/event.ts";
import { RunEvent } from "../../protocol/event.ts";
import { readAll } from "./http.ts";

/** What a reader of frames has of a run; it can be cut anywhere and go on by `resumeQuery`. */
export class FrameReading {
  readonly bytes = { stdout: 0, stderr: 0 };
  readonly events: RunEvent[] = [];
  readonly #hashes = { stdout: createHash("sha256"), stderr: createHash("sha256") };
  lastId: string | undefined;
  keepAlives = 0;

  /** Reads a stream to its end, or to where it is cut. */
  async follow(
    stream: IncomingMessage,
    chunkRead: () => Promise<void> = async () => undefined,
  ): Promise<this> {
    // It was cut after the last event.
    if (stream.statusCode === 204) return this;
    if (stream.headers["content-type"] !== "application/vnd.hostrun.frames") {
      throw new Error(`no frames: ${(await readAll(stream)).toString()}`);
    }
    const parser = new FrameParser();
    for await (const chunk of stream) {
      if (!Buffer.isBuffer(chunk)) continue;
      for (const { kind, bytes } of parser.push(chunk)) this.#take(kind, bytes);
      await chunkRead();
    }
    return this;
  }

  get resumeQuery(): string {
    const after = this.lastId === undefined ? "" : `&after=${this.lastId}`;
    return `stdout=${this.bytes.stdout}&stderr=${this.bytes.stderr}${after}`;
  }

  get sha256(): { stdout: string; stderr: string } {
    const { stdout, stderr } = this.#hashes;
    return { stdout: stdout.copy().digest("hex"), stderr: stderr.copy().digest("hex") };
  }

  get gaps(): GapEvent[] {
    return this.events.filter((event) => event.type === "gap");
  }

  get id(): string {
    return this.events[0]?.runId ?? "";
  }

  /** The one ending. */
  get complete(): CompleteEvent {
    const [complete, second] = this.events.filter((event) => event.type === "complete");
    if (complete === undefined || second !== undefined || this.events.at(-1) !== complete) {
      throw new Error(`no single ending in ${this.events.map(({ type }) => type).join(" ")}`);
    }
    return complete;
  }

  #take(kind: number, bytes: Buffer): void {
    if (this.events.at(-1)?.type === "complete") throw new Error(`a frame of kind ${kind} after complete`);
    if (kind === 3) this.keepAlives += 1;
    else if (kind === 0) this.#event(bytes);
    else if (kind === 1 || kind === 2) this.#output(kind === 1 ? "stdout" : "stderr", bytes);
    else throw new Error(`a frame of kind ${kind}`);
  }

  #output(stream: "stdout" | "stderr", bytes: Buffer): void {
    this.bytes[stream] += bytes.length;
    this.#hashes[stream].update(bytes);
  }

  #event(json: Buffer): void {
    const data: unknown = JSON.parse(json.toString());
    const event = RunEvent.parse(data);
    if (event.type === "output") throw new Error("output as an event");
    if (event.type === "gap") {
      if (event.from !== this.bytes[event.stream]) throw new Error(`a gap from ${event.from}`);
      this.bytes[event.stream] = event.to;
    }
    if (typeof data !== "object" || data === null || !("id" in data)) throw new Error("an event without id");
    this.lastId = String(data.id);
    this.events.push(event);
  }
}
