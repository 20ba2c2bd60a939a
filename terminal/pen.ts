/**
 * The graphic rendition (ECMA-48, SGR) of one stream of a command in a canonical form, so that two streams that
 * alternate on one screen each continue as they left off.
 */
export class Pen {
  #slots = new Map<string, string>();
  #saved = new Map<string, string>();

  /** Applies the parameters of a `CSI … m`. Unknown ones are ignored; so is blinking, which the screen uses itself. */
  apply(parameters: string): void {
    const codes = parameters.split(";");
    for (let at = 0; at < codes.length; at += 1) {
      const code = codes[at] ?? "";
      const colour = /^[345]8$/.test(code) ? extendedColour(codes, at) : undefined;
      if (colour === undefined) this.#set(code);
      else {
        if (colour.valid) this.#slots.set(extendedSlots[code] ?? "", colour.text);
        at += colour.taken;
      }
    }
  }

  /** The sequence that sets this rendition from any state; `base` replaces the default foreground, e.g. "31". */
  toSgr(base = "", mark = ""): string {
    const codes = ["0", ...this.#slots.values()];
    if (base !== "" && !this.#slots.has("foreground")) codes.push(base);
    if (mark !== "") codes.push(mark);
    return `\x1b[${codes.join(";")}m`;
  }

  reset(): void {
    this.#slots.clear();
  }

  /** Like DECSC. */
  save(): void {
    this.#saved = new Map(this.#slots);
  }

  /** Like DECRC. */
  restore(): void {
    this.#slots = new Map(this.#saved);
  }

  #set(code: string): void {
    const number = Number(code.split(":", 1)[0]);
    if (number === 0) {
      this.#slots.clear();
      return;
    }
    const cleared = code === "4:0" ? ["underline"] : clears[number];
    if (cleared !== undefined) {
      for (const slot of cleared) this.#slots.delete(slot);
      return;
    }
    const slot = code.includes(":") ? colonSlot(code) : (sets[number] ?? plainColour(number));
    if (slot !== undefined) this.#slots.set(slot, code);
  }
}

const sets: Record<number, string> = {
  1: "bold",
  2: "dim",
  3: "italic",
  4: "underline",
  7: "inverse",
  8: "hidden",
  9: "struck",
  21: "underline",
  53: "overline",
};

const clears: Record<number, string[]> = {
  22: ["bold", "dim"],
  23: ["italic"],
  24: ["underline"],
  27: ["inverse"],
  28: ["hidden"],
  29: ["struck"],
  39: ["foreground"],
  49: ["background"],
  55: ["overline"],
  59: ["underlineColour"],
};

const extendedSlots: Record<string, string> = {
  "38": "foreground",
  "48": "background",
  "58": "underlineColour",
};

function plainColour(code: number): string | undefined {
  if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) return "foreground";
  if ((code >= 40 && code <= 47) || (code >= 100 && code <= 107)) return "background";
  return undefined;
}

function colonSlot(code: string): string | undefined {
  if (/^4:[1-5]$/.test(code)) return "underline";
  return /^[345]8:[25](:\d*){1,6}$/.test(code) ? extendedSlots[code.slice(0, 2)] : undefined;
}

/** Parses `38;5;n` and `38;2;r;g;b`: how many more parameters belong to it, and its text. */
function extendedColour(
  codes: string[],
  at: number,
): { taken: number; text: string; valid: boolean } | undefined {
  const kind = codes[at + 1];
  const taken = kind === "5" ? 2 : kind === "2" ? 4 : 0;
  if (taken === 0) return undefined;
  const parts = codes.slice(at, at + taken + 1);
  const valid = parts.length === taken + 1 && parts.every((part) => /^\d{0,3}$/.test(part));
  return { taken, text: parts.join(";"), valid };
}
