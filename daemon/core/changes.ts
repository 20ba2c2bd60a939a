import { randomBytes } from "node:crypto";
import type { ChangeInput } from "../../protocol/change.ts";
import { parseEventId } from "../../protocol/event-id.ts";
import type { Clock } from "./clock.ts";
import { type Numbered, Transcript } from "./transcript.ts";

export interface ChangeFrame extends Numbered {
  readonly bytes: Buffer;
}

/** A reader's way through the changes; it has no end. */
export interface ChangeFeed {
  readonly from: number;
  /** What to send before anything else; undefined when the reader goes on where it was. */
  readonly opening: ChangeFrame | undefined;
  after(seq: number, maxBytes: number): readonly ChangeFrame[];
  follow(wake: () => void): () => void;
}

/** What changed since the daemon started, the newest of it kept for those who come back. */
export class ChangeLog {
  readonly #epoch = randomBytes(4).toString("hex");
  readonly #transcript = new Transcript<ChangeFrame>(0);
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  publish(change: ChangeInput): void {
    this.#transcript.append([this.#frame(this.#transcript.lastSeq + 1, change)]);
  }

  /** Goes on after `lastEventId` when that is still known; otherwise from now, opened by a `reset`. */
  feed(lastEventId: string | undefined): ChangeFeed {
    const at = lastEventId === undefined ? undefined : parseEventId(lastEventId);
    const { lastSeq } = this.#transcript;
    const known =
      at?.epoch === this.#epoch && at.seq <= lastSeq && this.#transcript.after(at.seq, 1) !== undefined;
    const opening = known ? undefined : this.#frame(lastSeq, { type: "reset" });
    return {
      from: known ? at.seq : lastSeq,
      opening,
      after: (seq, maxBytes) =>
        this.#transcript.after(seq, maxBytes) ?? [this.#frame(this.#transcript.lastSeq, { type: "reset" })],
      follow: (wake) => this.#transcript.follow(wake),
    };
  }

  #frame(seq: number, { type, ...fields }: ChangeInput): ChangeFrame {
    const json = JSON.stringify({ type, timestamp: this.#clock.now(), ...fields });
    const bytes = Buffer.from(`id: ${this.#epoch}.${seq}\ndata: ${json}\n\n`);
    return { seq, bytes, size: bytes.length };
  }
}
