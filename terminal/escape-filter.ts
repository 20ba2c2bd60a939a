import { allowedModes, isForTyping, limitCsi } from "./csi-limits.ts";
import type { ScreenSize } from "./csi-limits.ts";
import type { Pen } from "./pen.ts";

/** The longest control sequence and the longest OSC 8 link that are passed on; longer ones are removed. */
const maxSequence = 256;
const maxLink = 4096;

/**
 * Passes on only what is safe for a screen that is for display only, and only complete control sequences, however a
 * stream is split into chunks. Counts are limited; colours go through the stream's pen; of the control strings only
 * links (OSC 8) to http and https pass, whatever their length: no title, clipboard, palette, or device string. Queries
 * to the terminal are removed.
 */
export class EscapeFilter {
  readonly #pen: Pen;
  readonly #draw: () => string;
  readonly #size: () => ScreenSize;
  /** The beginning of an incomplete sequence. */
  #held = "";
  /** Set inside a control string, or an overlong sequence, that is being removed. */
  #skipping: "no" | "string" | "sequence" = "no";

  /** `draw` returns the sequence that makes the screen draw as `pen` specifies. */
  constructor(pen: Pen, draw: () => string, size: () => ScreenSize) {
    this.#pen = pen;
    this.#draw = draw;
    this.#size = size;
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
      return this.#draw();
    }
    if (kind === "?h" || kind === "?l") {
      const modes = allowedModes(parameters);
      return modes === undefined ? "" : `\x1b[?${modes}${final}`;
    }
    if (isForTyping(kind)) return "";
    const limited = limitCsi({ parameters, intermediates, final }, this.#size());
    return this.#follow(kind, `\x1b[${prefix}${limited}${intermediates}${final}`);
  }

  /** Keeps the pen and the screen's rendition in step. */
  #follow(kind: string, sequence: string): string {
    if (kind === "s") this.#pen.save();
    else if (kind === "u") this.#pen.restore();
    else if (kind === "!p") this.#pen.reset();
    return kind === "u" || kind === "!p" ? sequence + this.#draw() : sequence;
  }

  #simple(sequence: string): string {
    if (sequence.length > maxSequence) return "";
    // DECID queries the terminal's identity.
    if (sequence === "\x1bZ") return "";
    const kind = alike[sequence];
    return kind === undefined ? sequence : this.#follow(kind, sequence);
  }

  #string(text: string, start: number, introducer: number): Step | undefined {
    const link = match(linkString, text, start);
    if (link !== undefined) return { out: cleanLink(link), next: start + link[0].length };
    const begun = match(unfinishedLink, text, start)?.[0].length ?? 0;
    if (begun > 0 && start + begun === text.length && begun <= maxLink) return undefined;
    this.#skipping = "string";
    return { out: begun > introducer + 1 ? closeLink : "", next: start + introducer };
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

const closeLink = "\x1b]8;;\x1b\\";

/** DECSC, DECRC and RIS affect the rendition as these control sequences do. */
const alike: Record<string, string> = { "\x1b7": "s", "\x1b8": "u", "\x1bc": "!p" };

function cleanLink(link: RegExpExecArray): string {
  const [options, uri] = texts(link);
  const allowed = /^https?:\/\//i.test(uri) && link[0].length <= maxLink;
  return allowed ? `\x1b]8;${options};${uri}\x1b\\` : closeLink;
}

/** The groups of a match; "" for a group that did not take part. */
function texts(found: RegExpExecArray): [string, string, string, string] {
  return [found[1] ?? "", found[2] ?? "", found[3] ?? "", found[4] ?? ""];
}

// Control characters are what this file is about.
/* oxlint-disable no-control-regex */
const introducer = /[\x1b\x90\x98\x9b\x9d-\x9f]/g;
const stringIntroducer = /\x1b[\]PX^_]|[\x90\x98\x9d-\x9f]/y;
const stringEnd = /[\x07\x18\x1a\x1b\x9c]/g;
const csiSequence = /(?:\x1b\[|\x9b)([<-?]?)([0-9:;]*)([ -/]*)([@-~])/y;
const simpleSequence = /\x1b(?!\[)[ -/]*[0-~]/y;
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
