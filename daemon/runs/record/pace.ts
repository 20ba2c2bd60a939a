import type { ReaderPlace } from "../../core/feed.ts";
import type { Numbered, Transcript } from "../../core/transcript.ts";

/** A source of output that can be paused. */
export interface PacedSource {
  /** `true`: sends no more, soon. `false`: continues. */
  hold(held: boolean): void;
  /** How many more bytes than usual may arrive once it is held. */
  extraBytes(): number;
}

interface Reader {
  seq: number;
  /** For a reader that left and may come back: the last number sent to it, and the timer that ends the wait. */
  away: { readonly sent: number; readonly timer: NodeJS.Timeout } | undefined;
  /** For a reader that began in the middle without a known earlier place: where it began. */
  resumedAt: number | undefined;
}

/** The host is held when the slowest reader is this far behind, and released at `resumeBytes`. */
const holdBytes = 1024 * 1024;
const resumeBytes = 512 * 1024;
/** Limits the memory used for a host that does not stop or is no longer held, not counting what it may send ahead. */
const maxUnreadBytes = 8 * 1024 * 1024;

/**
 * Holds the host of a run while a reader that asked for every byte is behind, so that nothing is dropped from the
 * record unread. The slowest reader counts.
 *
 *     ...... | 1 MiB | unread, at most 1 MiB | a window of the session's, that is still sent |
 *     record | kept  ^ the slowest reader    ^ the host is held
 */
export class Pace {
  readonly #transcript: Transcript<Numbered>;
  readonly #isWhole: () => boolean;
  readonly #timeoutMs: number;
  readonly #readers = new Set<Reader>();
  #source: PacedSource | undefined;
  #held = false;
  #over = false;
  #onEmpty: () => void = () => undefined;

  /**
   * `isWhole` returns whether the record is complete. A reader may take nothing, or be away, for `timeoutMs` before the
   * host continues without it.
   */
  constructor(transcript: Transcript<Numbered>, isWhole: () => boolean, timeoutMs = 30_000) {
    this.#transcript = transcript;
    this.#isWhole = isWhole;
    this.#timeoutMs = timeoutMs;
    transcript.follow(() => this.#update());
  }

  /** Whether there is a reader that must get every byte. */
  get isFollowed(): boolean {
    return this.#readers.size > 0;
  }

  /** Sets and returns the source to hold. */
  drive<Source extends PacedSource>(source: Source): Source {
    this.#source = source;
    if (this.#held) source.hold(true);
    return source;
  }

  /** Stops holding the host, since its command is to end. */
  end(): void {
    this.#over = true;
    this.#update();
  }

  /**
   * Adds a reader that begins after `seq`; one that begins in the middle takes over the place of one that was cut off
   * there.
   */
  join(seq: number): ReaderPlace {
    const before = seq === 0 ? undefined : this.#awayAt(seq);
    const resumedAt = seq > 0 && before === undefined ? seq : undefined;
    const reader: Reader = { seq, away: undefined, resumedAt };
    this.#readers.add(reader);
    this.#transcript.hold(reader);
    if (before !== undefined) this.#remove(before);
    this.#update();
    return {
      timeoutMs: this.#timeoutMs,
      taken: (to) => {
        reader.seq = Math.max(reader.seq, to);
        this.#update();
      },
      leave: (sent) => {
        const recorded = this.#transcript.ended && this.#isWhole();
        if (sent === undefined || recorded || this.#isBack(sent) || !this.#readers.has(reader)) {
          this.#remove(reader);
        } else {
          reader.away = { sent, timer: setTimeout(() => this.#remove(reader), this.#timeoutMs).unref() };
        }
      },
    };
  }

  /** Calls `then` once no reader of every byte is present or may come back. */
  whenEmpty(then: () => void): void {
    this.#onEmpty = then;
    if (this.#readers.size === 0) then();
  }

  #remove(reader: Reader): void {
    clearTimeout(reader.away?.timer);
    this.#transcript.release(reader);
    this.#readers.delete(reader);
    this.#update();
    if (this.#readers.size === 0) this.#onEmpty();
  }

  /** The reader that left at or after `seq`, the place where a new one begins. */
  #awayAt(seq: number): Reader | undefined {
    const sent = (reader: Reader): number => reader.away?.sent ?? -1;
    return [...this.#readers].filter((reader) => sent(reader) >= seq).sort((a, b) => sent(a) - sent(b))[0];
  }

  /** Whether a leaving reader has already come back: a lost connection is often noticed only after that. */
  #isBack(sent: number): boolean {
    const back = [...this.#readers].find(({ resumedAt = Infinity }) => resumedAt <= sent);
    if (back !== undefined) back.resumedAt = undefined;
    return back !== undefined;
  }

  #update(): void {
    const maxBytes = maxUnreadBytes + (this.#source?.extraBytes() ?? 0);
    let unread = 0;
    for (const reader of this.#readers) {
      const bytes = this.#transcript.bytesAfter(reader.seq);
      // It continues from the record, like other readers.
      if (bytes > maxBytes) this.#remove(reader);
      else unread = Math.max(unread, this.#isBehind(reader) ? Infinity : bytes);
    }
    const held = !this.#over && unread > (this.#held ? resumeBytes : holdBytes);
    if (held === this.#held) return;
    this.#held = held;
    this.#source?.hold(held);
  }

  /** Whether the reader's next event is only in the record. */
  #isBehind({ seq }: Reader): boolean {
    return this.#transcript.after(seq, 0) === undefined;
  }
}
