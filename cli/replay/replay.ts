import type { WriteStream } from "node:tty";
import type { OutputStream } from "../../protocol/event.ts";
import { EscapeFilter } from "../../terminal/escape-filter.ts";
import { Pen } from "../../terminal/pen.ts";
import { ByteText, toBytes } from "./byte-text.ts";
import { Leftovers } from "./leftovers.ts";

/** Output of a run, with the time at which it was recorded. */
export interface RecordedOutput {
  readonly stream: OutputStream;
  readonly bytes: Buffer;
  readonly timestamp?: string | undefined;
}

/** Standard output and standard error, each of which may be a terminal. */
type Terminals = Readonly<Record<OutputStream, Pick<WriteStream, "isTTY" | "rows" | "columns">>>;

interface Voice {
  readonly text: ByteText;
  readonly pen: Pen;
  readonly filter: EscapeFilter;
  /** Whether the record, with the sequence that it ends in, has been shown. */
  isLive: boolean;
}

const plain = new Pen().toSgr();

/**
 * Makes recorded output safe for a terminal, and leaves it as it was: on a replay nobody expects to be asked for
 * anything, or to find something in the clipboard. Output that goes elsewhere than to a terminal is not changed, and
 * neither is what the run writes after `liveSince`, as by `hostrun run`.
 */
export class Replay {
  readonly #liveSince: number;
  readonly #voices: Partial<Record<OutputStream, Voice>> = {};
  readonly #leftovers = new Leftovers();
  #isLive = false;
  /** How the terminal draws now. */
  #drawn = plain;

  /** `liveSince`: in milliseconds since 1970; by default never, as for a run that has ended. */
  constructor(liveSince = Infinity, terminals: Terminals = process) {
    this.#liveSince = liveSince;
    for (const stream of ["stdout", "stderr"] as const) {
      if (terminals[stream].isTTY) this.#voices[stream] = this.#newVoice(terminals[stream]);
    }
  }

  /** Returns what to write instead. */
  take({ stream, bytes, timestamp }: RecordedOutput): Buffer {
    const voice = this.#voices[stream];
    if (voice === undefined) return bytes;
    let shown = this.#isLive ? "" : this.#turn(voice);
    this.#isLive ||= this.#isSince(timestamp);
    if (!this.#isLive) return toBytes(shown + pushed(voice, bytes));
    let at = 0;
    while (!voice.isLive && at < bytes.length) {
      voice.isLive = !isWithin(voice);
      if (voice.isLive) break;
      shown += pushed(voice, bytes.subarray(at, at + 1));
      at += 1;
    }
    const live = bytes.subarray(at);
    // Only followed, so that what it leaves behind is known.
    pushed(voice, live);
    return shown === "" ? live : Buffer.concat([toBytes(shown), live]);
  }

  /** Returns what to write at the end, on which stream; nothing when it is called again. */
  end(): { stream: OutputStream; bytes: Buffer }[] {
    const ends = [];
    for (const stream of ["stdout", "stderr"] as const) {
      const voice = this.#voices[stream];
      if (voice === undefined) continue;
      const held = voice.isLive ? "" : voice.text.end();
      const rest = held === "" ? "" : this.#turn(voice) + voice.filter.push(held);
      const undo = this.#leftovers.undo();
      // The other screen had a rendition of its own.
      const end = undo === "" && this.#drawn === plain ? "" : undo + plain;
      this.#drawn = plain;
      ends.push({ stream, bytes: toBytes(rest + end) });
    }
    return ends.filter(({ bytes }) => bytes.length > 0);
  }

  /** The clock may have been set back since something was recorded: it is not live because of that. */
  #isSince(timestamp: string | undefined): boolean {
    if (timestamp === undefined) return false;
    const at = Date.parse(timestamp);
    return at > this.#liveSince && at <= Date.now();
  }

  #newVoice(terminal: Terminals[OutputStream]): Voice {
    const pen = new Pen();
    const filter = new EscapeFilter(pen, {
      draw: () => {
        this.#drawn = pen.toSgr();
        return this.#drawn;
      },
      // A terminal that does not report its size has 0.
      size: () => ({ rows: terminal.rows || 24, columns: terminal.columns || 80 }),
      accept: (sequence) => this.#leftovers.accept(sequence),
    });
    return { text: new ByteText(), pen, filter, isLive: false };
  }

  /** Both streams may be shown on one terminal, where each keeps its own colours. */
  #turn({ pen }: Voice): string {
    const own = pen.toSgr();
    if (own === this.#drawn) return "";
    this.#drawn = own;
    return own;
  }
}

function pushed({ text, filter }: Voice, bytes: Buffer): string {
  return filter.push(text.push(bytes));
}

function isWithin({ text, filter }: Voice): boolean {
  return text.isWithin || filter.isWithin;
}
