import type { IncomingMessage } from "node:http";
import { RunEvent } from "../../protocol/event.ts";
import { parseEventId } from "../../protocol/event-id.ts";
import { Problem } from "../../protocol/problem.ts";
import { readAll } from "./http.ts";

export interface SseMessage {
  readonly id: string;
  readonly data: unknown;
}

type EventOf<Type extends RunEvent["type"]> = Extract<RunEvent, { type: Type }>;

/**
 * Messages of an event stream as they come, each `id:` and `data:` and nothing else: an `event:` line would hide it
 * from `EventSource.onmessage`. Comments are passed over. What is left of a message at the end is a failure, unless the
 * stream was cut on purpose.
 */
export async function* readMessages(
  stream: AsyncIterable<unknown>,
  cut: "whole" | "cut" = "whole",
): AsyncGenerator<SseMessage> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    if (!Buffer.isBuffer(chunk)) continue;
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
      const text = rest.toString("utf8", 0, end);
      rest = rest.subarray(end + 2);
      if (text.startsWith(":")) continue;
      const match = /^id: (\S+)\ndata: ([^\n]+)$/.exec(text);
      if (match === null) throw new Error(`not a message of this API: ${text.slice(0, 200)}`);
      yield { id: match[1] ?? "", data: JSON.parse(match[2] ?? "") };
    }
  }
  if (rest.length > 0 && cut === "whole")
    throw new Error(`The stream ended in the middle: ${rest.toString("utf8", 0, 200)}`);
}

/** What a reader has of a run, held to what the contract says: nothing twice, nothing missing, in order. */
export class RunReading {
  readonly events: RunEvent[] = [];
  lastId = "";
  readonly #bytes: Record<"stdout" | "stderr", Buffer[]> = { stdout: [], stderr: [] };
  /** The next byte of each stream, whether it was shown, filtered or lost. */
  readonly #position = { stdout: 0, stderr: 0 };

  take({ id, data }: SseMessage): RunEvent {
    const event = RunEvent.parse(data);
    this.#checkOrder(id, event);
    if (event.type === "output") this.#takeOutput(event);
    if (event.type === "gap") {
      // It says what the record has no more; of that, this reader may have been shown the beginning.
      if (event.to < this.#position[event.stream]) throw new Error("A gap ends where bytes were shown");
      this.#position[event.stream] = event.to;
    }
    this.events.push(event);
    this.lastId = id;
    return event;
  }

  /** Reads a stream to its end and gives back this. */
  async follow(stream: IncomingMessage): Promise<this> {
    if (stream.statusCode !== 200 && stream.statusCode !== 201) {
      throw new Error(`no stream: ${(await readAll(stream)).toString()}`);
    }
    for await (const message of readMessages(stream)) this.take(message);
    return this;
  }

  /** Reads until an event for which `wanted` is true, and leaves the stream open. */
  async until(messages: AsyncIterator<SseMessage>, wanted: (event: RunEvent) => boolean): Promise<RunEvent> {
    for (;;) {
      const next = await messages.next();
      if (next.done === true) throw new Error("The stream ended before");
      const event = this.take(next.value);
      if (wanted(event)) return event;
    }
  }

  of<Type extends RunEvent["type"]>(type: Type): EventOf<Type>[] {
    return this.events.filter((event): event is EventOf<Type> => event.type === type);
  }

  get id(): string {
    return this.of("init")[0]?.run.id ?? "";
  }

  /** The one ending. */
  get complete(): EventOf<"complete"> {
    const [complete, second] = this.of("complete");
    if (complete === undefined || second !== undefined || this.events.at(-1) !== complete) {
      throw new Error(`no single ending in ${this.events.map(({ type }) => type).join(" ")}`);
    }
    return complete;
  }

  /** The problem that was told before the ending. */
  get problem(): Problem {
    const [error] = this.of("error");
    if (error === undefined) throw new Error("No error was told");
    return Problem.fromDetails(error.problem);
  }

  bytes(stream: "stdout" | "stderr"): Buffer {
    return Buffer.concat(this.#bytes[stream]);
  }

  text(stream: "stdout" | "stderr" = "stdout"): string {
    return this.bytes(stream).toString();
  }

  #checkOrder(id: string, event: RunEvent): void {
    const before = this.lastId === "" ? 0 : numberOf(this.lastId);
    const step = numberOf(id) - before;
    // Only a gap stands for numbers that are gone.
    if (!(step === 1 || (step > 1 && event.type === "gap"))) throw new Error(`${id} follows ${this.lastId}`);
    if (this.events.length === 0 && before === 0 && event.type !== "init")
      throw new Error("init is not first");
    if (this.events.at(-1)?.type === "complete") throw new Error(`${event.type} after complete`);
  }

  #takeOutput({ stream, offset, data, encoding, filteredBytes = 0 }: EventOf<"output">): void {
    if (offset !== this.#position[stream]) {
      throw new Error(`${stream}: ${offset} after ${this.#position[stream]}`);
    }
    const bytes = Buffer.from(data, encoding ?? "utf8");
    this.#bytes[stream].push(bytes);
    this.#position[stream] += bytes.length + filteredBytes;
  }
}

function numberOf(id: string): number {
  return parseEventId(id)?.seq ?? Number.NaN;
}
