import type { Sequence } from "../../terminal/escape-filter.ts";

/** Modes whose state differs from that of a terminal at a shell's prompt, with what sets them back. */
const modes: Readonly<Record<string, { readonly usual: "h" | "l"; readonly undo: string }>> = {
  "4": { usual: "l", undo: "\x1b[4l" },
  "?5": { usual: "l", undo: "\x1b[?5l" },
  "?6": { usual: "l", undo: "\x1b[?6l\x1b[9999H\n" },
  "?7": { usual: "h", undo: "\x1b[?7h" },
  "?25": { usual: "h", undo: "\x1b[?25h" },
  "?45": { usual: "l", undo: "\x1b[?45l" },
  "?69": { usual: "l", undo: "\x1b[?69l" },
  "?47": { usual: "l", undo: "\x1b[?47l" },
  "?1047": { usual: "l", undo: "\x1b[?1047l" },
  "?1049": { usual: "l", undo: "\x1b[?1049l" },
};
const alternateScreens = ["?47", "?1047", "?1049"];

/** What a replay leaves behind on a terminal that a person goes on working with, and how that is undone. */
export class Leftovers {
  /** By what was changed, what changes it back. */
  readonly #undo = new Map<string, string>();

  /** Returns what is written for a sequence: nothing if it moves the tab stops, or erases what has scrolled out. */
  accept(sequence: Sequence): string {
    const { kind, parameters, text } = sequence;
    if (kind === "\x1bc") return `${this.undo()}\x1b[2J\x1b[H`;
    const isForGood = kind === "\x1bH" || kind === "g" || (/^\??J$/.test(kind) && erasesHistory(parameters));
    if (isForGood) return "";
    this.#follow(kind, parameters);
    return text;
  }

  /** Returns what sets the terminal back, once. */
  undo(): string {
    const screens = alternateScreens.filter((mode) => this.#undo.has(mode));
    const rest = [...this.#undo].filter(([what]) => !screens.includes(what));
    this.#undo.clear();
    return [...screens.map((mode) => modes[mode]?.undo ?? ""), ...rest.map(([, undo]) => undo)].join("");
  }

  #follow(kind: string, parameters: string): void {
    if (/[hl]$/.test(kind)) this.#modes(kind, parameters);
    else if (kind === "!p") for (const what of ["4", "?6", "?25", "r"]) this.#undo.delete(what);
    else if (kind === "r") this.#mark("r", parameters !== "", "\x1b7\x1b[r\x1b8");
    else if (kind === " q") this.#mark(kind, Number(parameters) !== 0, "\x1b[0 q");
    else if (kind === '"q') this.#mark(kind, Number(parameters) === 1, '\x1b[0"q');
    else if (kind === "]8") this.#mark(kind, parameters !== "", "\x1b]8;;\x1b\\");
    else if (kind.startsWith("\x1b(")) this.#mark("(", kind !== "\x1b(B", "\x1b(B");
    else if (["\x0e", "\x1bn", "\x1bo"].includes(kind)) this.#mark("\x0e", true, "\x0f");
  }

  #modes(kind: string, parameters: string): void {
    for (const parameter of parameters.split(";")) {
      const mode = kind.slice(0, -1) + parameter;
      const known = modes[mode];
      if (known !== undefined) this.#mark(mode, !kind.endsWith(known.usual), known.undo);
    }
  }

  #mark(what: string, changed: boolean, undo: string): void {
    if (changed) this.#undo.set(what, undo);
    else this.#undo.delete(what);
  }
}

function erasesHistory(parameters: string): boolean {
  return parameters.split(/[:;]/).some((parameter) => Number(parameter) === 3);
}
