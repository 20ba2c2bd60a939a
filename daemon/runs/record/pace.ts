import type { ReaderPlace } from "../../core/feed.ts";
import type { Numbered, Transcript } from "../../core/transcript.ts";

/** What sends output and can be asked to wait. */
export interface PacedSource {
  /** With `true` it soon sends no more, with `false` it goes on. */
  hold(held: boolean): void;
  /** What more than usual may come once it is held. */
  extraBytes(): number;
}

interface Reader {
  seq: number;
  /** Of one that may come back: what it was sent, and until when it is waited for. */
  away: { readonly sent: number; readonly timer: NodeJS.Timeout } | undefined;
  /** Of one that begins in the middle, and of which no place is known that it left: where. */
  resumedAt: number | undefined;
}

/** With so much unread by the slowest one the host is held, and it goes on once there is only so much. */
const holdBytes = 1024 * 1024;
const goOnBytes = 512 * 1024;
/** A host that does not wait, or is to wait no longer, costs no more memory than this and what it may send ahead. */
const maxUnreadBytes = 8 * 1024 * 1024;

/**
 * Holds the host of a run while a reader who asked for every byte is behind, so that nothing is dropped from the record
 * before it was read. The slowest one counts.
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
   * `isWhole` says whether the record has everything. For `timeoutMs` a reader may take nothing, or be away, before the
   * host goes on without it.
   */
  constructor(transcript: Transcript<Numbered>, isWhole: () => boolean, timeoutMs = 30_000) {
    this.#transcript = transcript;
    this.#isWhole = isWhole;
    this.#timeoutMs = timeoutMs;
    transcript.follow(() => this.#update());
  }

  /** Whether there is a reader who is to have every byte. */
  get isFollowed(): boolean {
    return this.#readers.size > 0;
  }

  /** From now on `source` is what is held; it is also the result. */
  drive<Source extends PacedSource>(source: Source): Source {
    this.#source = source;
    if (this.#held) source.hold(true);
    return source;
  }

  /** The host is held no more: its command is to end. */
  end(): void {
    this.#over = true;
    this.#update();
  }

  /** A reader begins behind `seq`; one that begins in the middle takes the place of one that was cut off there. */
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

  /** Calls `then` once nobody who asked for every byte is there, or may come back. */
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

  /** The reader that left from where one now goes on: it was sent that at least. */
  #awayAt(seq: number): Reader | undefined {
    const sent = (reader: Reader): number => reader.away?.sent ?? -1;
    return [...this.#readers].filter((reader) => sent(reader) >= seq).sort((a, b) => sent(a) - sent(b))[0];
  }

  /** Whether one that leaves has come back already: who cut it off is often noticed later than that. */
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
      // It goes on from the record, as others do.
      if (bytes > maxBytes) this.#remove(reader);
      else unread = Math.max(unread, this.#isBehind(reader) ? Infinity : bytes);
    }
    const held = !this.#over && unread > (this.#held ? goOnBytes : holdBytes);
    if (held === this.#held) return;
    this.#held = held;
    this.#source?.hold(held);
  }

  /** Whether what comes next for it is in the record only. */
  #isBehind({ seq }: Reader): boolean {
    return this.#transcript.after(seq, 0) === undefined;
  }
}
