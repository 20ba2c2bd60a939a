/** A character in UTF-8, whole; else a byte. */
const pieces = /[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}|[\x80-\xff]/g;
const unfinished = /(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})$/;
/** Those control characters with eight bits that `EscapeFilter` looks at, in UTF-8. */
const control = /^\xc2([\x88\x90\x96\x98\x9a-\x9f])$/;
/**
 * The same as mere bytes, as in text of another encoding. A terminal in UTF-8 obeys none and shows U+FFFD; obeyed here,
 * they would hide the text behind them.
 */
const bareControl = /^[\x88\x90\x96\x98\x9a-\x9f]$/;
const replacement = "\xef\xbf\xbd";

/** Set in a character that stands for a byte which is no ASCII and no control character. */
const opaque = 0x100;

/**
 * A stream of bytes as text for `EscapeFilter`, from which `toBytes` makes the same bytes, also where they are not valid
 * UTF-8, apart from `bareControl`. A character that is cut is held until its other bytes come.
 */
export class ByteText {
  #held = "";

  get isWithin(): boolean {
    return this.#held !== "";
  }

  push(bytes: Buffer): string {
    const text = this.#held + bytes.toString("latin1");
    const whole = text.length - (unfinished.exec(text)?.[0].length ?? 0);
    this.#held = text.slice(whole);
    return masked(text.slice(0, whole));
  }

  /** Returns the rest. */
  end(): string {
    const rest = this.#held;
    this.#held = "";
    return masked(rest);
  }
}

/** latin1 drops the mark of opaque characters. */
export function toBytes(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

function masked(text: string): string {
  return text.replaceAll(pieces, (piece) => {
    const [, found] = control.exec(piece) ?? [];
    if (found !== undefined) return found;
    const shown = bareControl.test(piece) ? replacement : piece;
    return String.fromCharCode(...Array.from(shown, (byte) => byte.charCodeAt(0) | opaque));
  });
}
