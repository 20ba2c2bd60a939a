import { randomBytes } from "node:crypto";
import type { Change, ChangeInput } from "../../protocol/change.ts";
import { parseEventId } from "../../protocol/event-id.ts";
import type { Clock } from "./clock.ts";
import type { Feed } from "./feed.ts";
import { type Numbered, Transcript } from "./transcript.ts";

export interface NumberedChange extends Numbered {
  readonly change: Change;
}

/** Changes since the daemon started; the newest are kept for clients that reconnect. */
export class ChangeLog {
  /** An id is `epoch.seq`. */
  readonly epoch = randomBytes(4).toString("hex");
  readonly #transcript = new Transcript<NumberedChange>(0);
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  publish(change: ChangeInput): void {
    this.#transcript.append([this.#numbered(this.#transcript.lastSeq + 1, change)]);
  }

  /** Continues after `lastEventId` if that is still known; otherwise starts now, with a `reset`. It never ends. */
  feed(lastEventId: string | undefined): Feed<NumberedChange> {
    const at = lastEventId === undefined ? undefined : parseEventId(lastEventId);
    const { lastSeq } = this.#transcript;
    const known =
      at?.epoch === this.epoch && at.seq <= lastSeq && this.#transcript.after(at.seq, 1) !== undefined;
    const reset = (): NumberedChange => this.#numbered(this.#transcript.lastSeq, { type: "reset" });
    return {
      from: known ? at.seq : lastSeq,
      opening: known ? undefined : reset(),
      after: (seq, maxBytes) => this.#transcript.after(seq, maxBytes) ?? [reset()],
      over: () => false,
      follow: (wake) => this.#transcript.follow(wake),
    };
  }

  #numbered(seq: number, input: ChangeInput): NumberedChange {
    const change = { timestamp: this.#clock.now(), ...input };
    return { seq, change, size: keptBytes(change) };
  }
}

/** Roughly the memory that a value takes. */
function keptBytes(value: unknown): number {
  if (typeof value === "string") return 20 + value.length;
  if (typeof value !== "object" || value === null) return 20;
  return Object.values(value).reduce<number>((sum, member) => sum + keptBytes(member), 50);
}
