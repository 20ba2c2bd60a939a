import { limitCsi } from "./csi-limits.ts";
import type { ScreenSize } from "./csi-limits.ts";
import { drawingParameters, isDrawingEscape } from "./drawing.ts";
import type { Pen } from "./pen.ts";

/** The longest control sequence and the longest OSC 8 link that are passed on; longer ones are removed. */
const maxSequence = 256;
const maxLink = 4096;

/** What the output of a stream is drawn on. */
export interface Surface {
  /** Returns the sequence that makes it draw as the stream's pen specifies. */
  draw(): string;
  size(): ScreenSize;
  /** Returns what is written for a sequence that draws; by default the sequence itself. */
  accept?(sequence: Sequence): string;
}

/** A control sequence that draws, apart from those for the pen. */
export interface Sequence {
  /** The prefix, intermediates and final byte of a CSI sequence; "]8" for a link; the whole of any other sequence. */
  readonly kind: string;
  /** Those of a CSI sequence; the address of a link, "" for its end. */
  readonly parameters: string;
  readonly text: string;
}

/**
 * Passes on only what is safe for a screen that is for display only, and only complete control sequences, however a
 * stream is split into chunks. Counts are limited; colours go through the stream's pen; of the control strings only
 * links (OSC 8) to http and https pass: no title, clipboard, palette, or device string. Sequences that do anything but
 * draw are removed, queries above all.
 */
export class EscapeFilter {
  readonly #pen: Pen;
  readonly #surface: Surface;
  /** The beginning of an incomplete sequence. */
  #held = "";
  /** Set inside a control string, or an overlong sequence, that is being removed. */
  #skipping: "no" | "string" | "sequence" = "no";

  constructor(pen: Pen, surface: Surface) {
    this.#pen = pen;
    this.#surface = surface;
  }

  /** Whether the stream up to here ends within a control sequence. */
  get isWithin(): boolean {
    return this.#held !== "" || this.#skipping !== "no";
  }

  /** Returns the part of the stream up to here that can be written. */
  push(chunk: string): string {
    const text = this.#held + chunk;
    this.#held = "";
    let out = "";
    let at = 0;
    while (at < text.length) {
      const start = this.#skipping === "no" ? indexOfIntroducer(text, at) : at;
      out += text.slice(at, start);
      if (start === text.length) break;
      const step = this.#step(text, start);
      if (step === undefined) {
        this.#held = text.slice(start);
        break;
      }
      out += step.out;
      at = step.next;
    }
    return out;
  }

  /** Returns undefined if what begins at `start` continues in the next chunk. */
  #step(text: string, start: number): Step | undefined {
    if (this.#skipping === "string") return this.#skipString(text, start);
    return this.#skipping === "sequence" ? this.#skipSequence(text, start) : this.#take(text, start);
  }

  #take(text: string, start: number): Step | undefined {
    const csi = match(csiSequence, text, start);
    if (csi !== undefined) return { out: this.#csi(csi), next: start + csi[0].length };
    const string = match(stringIntroducer, text, start);
    if (string !== undefined) return this.#string(text, start, string[0].length);
    const simple = match(simpleSequence, text, start);
    if (simple !== undefined) return { out: this.#simple(simple[0]), next: start + simple[0].length };
    const next = start + (match(unfinished, text, start)?.[0].length ?? 1);
    if (next === text.length && next - start <= maxSequence) return undefined;
    this.#skipping = "sequence";
    return { out: "", next };
  }

  #csi(found: RegExpExecArray): string {
    if (found[0].length > maxSequence) return "";
    const [prefix, parameters, intermediates, final] = texts(found);
    const kind = prefix + intermediates + final;
    if (kind === "m") {
      this.#pen.apply(parameters);
      return this.#surface.draw();
    }
    const drawing = drawingParameters(kind, parameters);
    if (drawing === undefined) return "";
    const limited = limitCsi({ parameters: drawing, intermediates, final }, this.#surface.size());
    const text = `\x1b[${prefix}${limited}${intermediates}${final}`;
    return this.#pass({ kind, parameters: limited, text });
  }

  /** Keeps the pen and the screen's rendition in step. */
  #pass(sequence: Sequence): string {
    const effect = effectOnPen(sequence);
    if (effect !== undefined) this.#pen[effect]();
    const text = this.#surface.accept?.(sequence) ?? sequence.text;
    return effect === "restore" || effect === "reset" ? text + this.#surface.draw() : text;
  }

  #simple(sequence: string): string {
    if (sequence.length > maxSequence) return "";
    const kind = sequence === "\x88" ? "\x1bH" : sequence;
    return isDrawingEscape(kind) ? this.#pass({ kind, parameters: "", text: sequence }) : "";
  }

  #string(text: string, start: number, introducer: number): Step | undefined {
    const link = match(linkString, text, start);
    if (link !== undefined) return { out: this.#link(link), next: start + link[0].length };
    const begun = match(unfinishedLink, text, start)?.[0].length ?? 0;
    if (begun > 0 && start + begun === text.length && begun <= maxLink) return undefined;
    this.#skipping = "string";
    return { out: begun > introducer + 1 ? this.#pass(closedLink) : "", next: start + introducer };
  }

  #link(link: RegExpExecArray): string {
    const [options, uri] = texts(link);
    const allowed = /^https?:\/\//i.test(uri) && link[0].length <= maxLink;
    if (!allowed) return this.#pass(closedLink);
    return this.#pass({ kind: "]8", parameters: uri, text: `\x1b]8;${options};${uri}\x1b\\` });
  }

  /** Skips to the end of a control string: BEL, ST, or a character that cancels it. */
  #skipString(text: string, at: number): Step | undefined {
    stringEnd.lastIndex = at;
    const end = stringEnd.exec(text)?.index ?? text.length;
    if (end === text.length) return { out: "", next: end };
    const escape = text[end] === "\x1b";
    if (escape && end + 1 === text.length) return end === at ? undefined : { out: "", next: end };
    this.#skipping = "no";
    if (!escape) return { out: "", next: end + 1 };
    return { out: "", next: text[end + 1] === "\\" ? end + 2 : end };
  }

  /**
   * Skips to the final byte of a sequence that is too long or malformed, or to a character that cannot be part of it.
   */
  #skipSequence(text: string, at: number): Step {
    const rest = match(sequenceRest, text, at)?.[0] ?? "";
    const next = at + rest.length;
    if (next < text.length || /[@-~]$/.test(rest)) this.#skipping = "no";
    return { out: "", next };
  }
}

interface Step {
  out: string;
  next: number;
}

const closedLink: Sequence = { kind: "]8", parameters: "", text: "\x1b]8;;\x1b\\" };

const effects: Readonly<Record<string, "save" | "restore" | "reset">> = {
  s: "save",
  "\x1b7": "save",
  u: "restore",
  "\x1b8": "restore",
  "!p": "reset",
  "\x1bc": "reset",
};

/** The rendition is saved with the cursor, and so on the way to the alternate screen. */
function effectOnPen({ kind, parameters }: Sequence): "save" | "restore" | "reset" | undefined {
  const withCursor = (kind === "?h" || kind === "?l") && /104[89]/.test(parameters);
  if (withCursor) return kind === "?h" ? "save" : "restore";
  return effects[kind];
}

/** The groups of a match; "" for a group that did not take part. */
function texts(found: RegExpExecArray): [string, string, string, string] {
  return [found[1] ?? "", found[2] ?? "", found[3] ?? "", found[4] ?? ""];
}

// Control characters are what this file is about.
/* oxlint-disable no-control-regex */
const introducer = /[\x05\x0e\x18\x1b\x88\x90\x96\x98\x9a-\x9f]/g;
/** `ESC k` is a title for screen and tmux. */
const stringIntroducer = /\x1b[\]PX^_k]|[\x90\x98\x9d-\x9f]/y;
const stringEnd = /[\x07\x18\x1a\x1b\x9c]/g;
const csiSequence = /(?:\x1b\[|\x9b)([<-?]?)([0-9:;]*)([ -/]*)([@-~])/y;
const simpleSequence = /\x1b(?!\[)[ -/]*[0-~]|[\x05\x0e\x18\x88\x96\x9a\x9c]/y;
const unfinished = /\x9b[0-?]*[ -/]*|\x1b(?:\[[0-?]*[ -/]*|[ -/]*)/y;
const sequenceRest = /[ -?]*[@-~]?/y;
const linkString =
  /(?:\x1b\]|\x9d)8;([^;\x00-\x1f\x7f-\x9f]{0,1024});([^\x00-\x1f\x7f-\x9f]*)(?:\x07|\x1b\\|\x9c)/y;
const unfinishedLink = /(?:\x1b\]|\x9d)(?:8(?:;[^\x00-\x1f\x7f-\x9f]*\x1b?)?)?/y;
/* oxlint-enable no-control-regex */

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

function indexOfIntroducer(text: string, at: number): number {
  introducer.lastIndex = at;
  return introducer.exec(text)?.index ?? text.length;
}
