import { formatCount } from "../../protocol/count.ts";
import type { OutputStream } from "../../protocol/event.ts";
import { parseEventId } from "../../protocol/event-id.ts";
import { invalidRequest } from "../../protocol/invalid-request.ts";
import { Problem } from "../../protocol/problem.ts";
import type { RerunRequest, Run, RunPatch, RunRequest } from "../../protocol/run.ts";
import { RunRequest as RunRequestSchema, Run as RunSchema } from "../../protocol/run.ts";
import type { RunQuery } from "../../protocol/run-query.ts";
import { visibleLine } from "../../protocol/visible.ts";
import type { Feed } from "../core/feed.ts";
import { parseCursor } from "../core/cursor.ts";
import { parseJson } from "../core/json.ts";
import type { LiveRun } from "./record/live-run.ts";
import { mended } from "./record/mended-event.ts";
import type { Cache } from "./result-cache.ts";
import { requireSecrets } from "./required-secrets.ts";
import type { RecordedOutput } from "./record/event-log.ts";
import type { RunStore } from "./record/run-store.ts";
import type { StoredEvent } from "./record/stored-event.ts";

/** What a reader requests. */
export interface Reading {
  /** The reader has every event up to this number. */
  readonly from: number;
  /** Whether the reader must get every byte, so that the host waits for it. */
  readonly all: boolean;
}

/** Byte offsets, one per stream. */
export type Offsets = Readonly<Record<OutputStream, number>>;

type FollowedRun = Pick<LiveRun, "run" | "transcript" | "pace" | "annotate" | "forget">;

export interface HistoryParts {
  readonly store: RunStore;
  /** Runs under way, by id; `followed` also includes those that have just ended. */
  readonly engine: Record<"live" | "followed", (id: string) => FollowedRun | undefined>;
  readonly cache: Cache;
  readonly onAnnotated: (run: Run) => void;
  readonly onDeleted: (id: string) => void;
}

const cachedForMs = 300_000;

/** Reads runs, both under way and ended. Every method throws `run_unknown` for an unknown id. */
export class RunHistory {
  readonly #parts: HistoryParts;

  constructor(parts: HistoryParts) {
    this.#parts = parts;
  }

  /** Identifies the numbering of events: an event id is `epoch.seq`. */
  get epoch(): string {
    return this.#parts.store.events.epoch;
  }

  /** The run's state: from the engine while it is under way, otherwise cached for 300 s. */
  async get(id: string): Promise<Run> {
    const live = this.#parts.engine.live(id);
    if (live !== undefined) return live.run;
    const { cache } = this.#parts;
    const cached = parseRun(await cache.get(this.#processKey(id)));
    if (cached?.id === id) return cached;
    const run = this.#stored(id);
    void cache.set(this.#processKey(id), JSON.stringify(run), cachedForMs);
    return run;
  }

  list(query: RunQuery): { items: Run[]; nextCursor: string | null } {
    const limit = query.limit ?? 50;
    const { cursor, ...filter } = query;
    if (filter.previousOf !== undefined) this.#refuseUnknown(filter.previousOf);
    const before = cursor === undefined ? undefined : parseCursor(cursor);
    const page = this.#parts.store.list({ ...filter, limit, before });
    return {
      items: page.runs.map((run) => this.#parts.engine.live(run.id)?.run ?? run),
      nextCursor: page.before === undefined ? null : String(page.before),
    };
  }

  output(id: string, stream: "stdout" | "stderr" | "both"): RecordedOutput {
    this.#refuseUnknown(id);
    return this.#parts.store.events.output(id, stream);
  }

  /** Pins or unpins a run, and sets its note. */
  async annotate(id: string, said: RunPatch): Promise<Run> {
    const { store, engine, cache, onAnnotated } = this.#parts;
    const { pinned, note } = engine.live(id)?.run ?? this.#stored(id);
    const change = { pinned: said.pinned ?? pinned, note: said.note === undefined ? note : said.note };
    store.annotate(id, change);
    engine.live(id)?.annotate(change);
    await cache.delete(this.#processKey(id));
    const run = await this.get(id);
    onAnnotated(run);
    return run;
  }

  /** Deletes an ended run with its output. Throws `conflict` while the run is under way. */
  async delete(id: string): Promise<void> {
    const live = this.#parts.engine.live(id);
    if (live !== undefined && live.run.state !== "ended")
      throw new Problem("conflict", "This run has not ended. Cancel it first.");
    this.#refuseUnknown(id);
    this.#parts.store.delete(id);
    // If the disk was full, its ending may still be waiting to be written.
    live?.forget();
    await this.#parts.cache.delete(this.#processKey(id));
    this.#parts.onDeleted(id);
  }

  /**
   * The request this run came from, with another agent if one is given. Throws `conflict` if its standard input is
   * needed but was not kept, or if a variable of its `secretEnv` is missing from the new request.
   */
  requestOf(id: string, { agentSocket, cacheTtlMs, ...given }: RerunRequest): RunRequest {
    const run = this.#stored(id);
    if (run.damaged?.includes("options") === true) {
      throw new Problem("conflict", "The stored request of this run is damaged. Run the command again.");
    }
    requireSecrets("This run", run.options.secretEnvNames ?? [], given.secretEnv);
    refuseLostInput(run);
    const { stdinGiven: _given, secretEnvNames: _names, ...options } = run.options;
    const again = agentSocket === undefined ? options : { ...options, agentSocket };
    const caching = cacheTtlMs === 0 ? { cache: "renew" } : { cache: "use", cacheTtlMs };
    const request = { ...again, ...given, ...caching, host: run.host.name, command: run.command };
    const parsed = RunRequestSchema.safeParse(request);
    if (parsed.success) return parsed.data;
    throw invalidRequest(parsed.error, "This run cannot be run again as it was.");
  }

  /**
   * The event number to resume from for a reader that has this many bytes of each stream; 0 means from the beginning.
   * Throws `stream_position_unknown` if a stream has fewer bytes.
   */
  positionBehind(id: string, offsets: Offsets): number {
    const places = (["stdout", "stderr"] as const).map((stream) => this.#place(id, stream, offsets[stream]));
    if (offsets.stdout + offsets.stderr === 0) return 0;
    const unfinished = places.filter(({ more }) => more).map(({ seq }) => seq);
    return unfinished.length > 0 ? Math.min(...unfinished) : Math.max(...places.map(({ seq }) => seq));
  }

  /**
   * The event number to resume from after `epoch.seq`; 0 means from the beginning. Throws `stream_position_unknown` for
   * another stream's id.
   */
  position(id: string, lastEventId: string | undefined): number {
    this.#refuseUnknown(id);
    if (lastEventId === undefined || lastEventId === "") return 0;
    const at = parseEventId(lastEventId);
    const { store, engine } = this.#parts;
    const lastSeq = engine.live(id)?.transcript.lastSeq ?? store.events.lastSeq(id);
    if (at?.epoch === store.events.epoch && at.seq <= lastSeq) return at.seq;
    throw new Problem(
      "stream_position_unknown",
      `This run's events have no id ${visibleLine(lastEventId)}. Read them from the beginning, without Last-Event-ID.`,
    );
  }

  /** A page of a run's events: those after `seq` that exist now, up to about `maxBytes`. */
  events(id: string, seq: number, maxBytes: number): readonly StoredEvent[] {
    const live = this.#parts.engine.followed(id);
    if (live === undefined) this.#refuseUnknown(id);
    return this.#page(id, live, seq, maxBytes);
  }

  /** A run's events for one reader: first from the record, then live. */
  feed(id: string, { from, all }: Reading): Feed<StoredEvent> {
    const { store, engine } = this.#parts;
    // An ended run is followed only for readers that may not have received everything.
    const live = all && from > 0 ? engine.followed(id) : engine.live(id);
    if (live === undefined) this.#refuseUnknown(id);
    const transcript = live?.transcript;
    return {
      from,
      after: (seq, maxBytes) => this.#page(id, live, seq, maxBytes),
      over: (seq) =>
        transcript === undefined
          ? seq >= store.events.lastSeq(id)
          : transcript.ended && seq >= transcript.lastSeq,
      follow: (wake) => transcript?.follow(wake) ?? (() => undefined),
      place: all ? live?.pace.join(from) : undefined,
    };
  }

  #page(id: string, live: FollowedRun | undefined, seq: number, maxBytes: number): readonly StoredEvent[] {
    const { events } = this.#parts.store;
    // The run's row is read and checked only if an event needs it.
    const run = (): Run => live?.run ?? this.#stored(id);
    const recorded = (): StoredEvent[] => {
      const lastSeq = events.lastSeq(id);
      return events.read(id, seq, maxBytes).map((event) => mended(event, run, lastSeq));
    };
    return live?.transcript.after(seq, maxBytes) ?? recorded();
  }

  /** For a reader of every byte, the newest part of a run may exist in memory only. */
  #place(id: string, stream: OutputStream, offset: number): { seq: number; more: boolean } {
    this.#refuseUnknown(id);
    const recorded = this.#parts.store.events.placeOf(id, stream, offset);
    if (offset > recorded.end) {
      throw new Problem(
        "stream_position_unknown",
        `This run's ${stream} has ${formatCount(recorded.end, "byte")} so far, not ${offset}. Read it from the beginning.`,
      );
    }
    const more = offset < recorded.end;
    const newest = this.#parts.engine
      .followed(id)
      ?.transcript.findLast(
        (event) => event.kind === "output" && event.stream === stream && event.offset <= offset,
      );
    if (newest?.kind !== "output") return { seq: recorded.seq, more };
    const end = newest.offset + newest.bytes.length;
    return { seq: offset < end ? newest.seq - 1 : newest.seq, more };
  }

  #processKey(id: string): string {
    return `process:${this.#parts.store.events.epoch}:${id}`;
  }

  #stored(id: string): Run {
    const stored = this.#parts.store.get(id);
    if (stored === undefined) throw runUnknown(id);
    return stored;
  }

  /** Accepts runs too damaged to be shown: their output can still be read, and they can be deleted. */
  #refuseUnknown(id: string): void {
    if (this.#parts.engine.live(id) === undefined && !this.#parts.store.has(id)) throw runUnknown(id);
  }
}

function runUnknown(id: string): Problem {
  return new Problem("run_unknown", `No run ${visibleLine(id)}. It may have been deleted.`);
}

/** Returns undefined also for a cache entry written by another program. */
function parseRun(text: string | undefined): Run | undefined {
  if (text === undefined) return undefined;
  try {
    return RunSchema.parse(parseJson(text));
  } catch {
    return undefined;
  }
}

/** Open input is accepted only once the command has begun; whether any came then is not recorded. */
function refuseLostInput({ options, outcome, startedAt }: Run): void {
  if (options.stdinGiven === true) {
    const what = "This run had standard input, which is not stored";
    throw new Problem("conflict", `${what}. Start a new run of its command with the same input.`);
  }
  const hasBegun = outcome !== "failed" || startedAt !== null;
  if (options.stdinOpen === true && hasBegun) {
    const what = "This run's standard input was open, and what was written to it is not stored";
    throw new Problem(
      "conflict",
      `${what}. Start a new run of its command with stdinOpen, and write it again.`,
    );
  }
}
