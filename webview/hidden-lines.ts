import type { Terminal } from "@xterm/xterm";
import { element } from "./element.ts";
import { label } from "./labels.ts";

const leastPauseMs = 250;

/** Shows, above the screen, how many lines of output have scrolled out of it, and offers the whole output. */
export class HiddenLines {
  readonly element: HTMLElement;
  readonly #terminal: Terminal;
  readonly #words = element("span");
  #lineFeeds = 0;
  /** Output that was not recorded contained lines that were not counted. */
  #isLeast = false;
  #isCounting = false;
  #pauseMs = leastPauseMs;

  constructor(terminal: Terminal, open: () => void) {
    this.#terminal = terminal;
    const button = element("button", { class: "link-button", type: "button" }, label("openFullOutput"));
    button.addEventListener("click", open);
    const name = label("hiddenOutput");
    this.element = element("div", { class: "hidden-lines", role: "note", "aria-label": name, hidden: "" });
    this.element.append(this.#words, button);
    terminal.onLineFeed(() => {
      this.#lineFeeds += 1;
    });
    terminal.onWriteParsed(() => this.#countSoon());
    terminal.onResize(() => this.#countSoon());
  }

  gap(): void {
    this.#isLeast = true;
  }

  /** The screen was cleared on purpose: its content does not count as hidden. */
  reset(): void {
    this.#lineFeeds = 0;
    this.#isLeast = false;
    this.#countSoon();
  }

  /** Counting a million rows takes time: at most a twentieth of the time is spent on it. */
  #countSoon(): void {
    if (this.#isCounting) return;
    this.#isCounting = true;
    window.setTimeout(() => {
      this.#isCounting = false;
      const startedAt = performance.now();
      this.#show(this.#count());
      this.#pauseMs = Math.max(leastPauseMs, 20 * (performance.now() - startedAt));
    }, this.#pauseMs);
  }

  #count(): number {
    const { rows, options } = this.#terminal;
    const buffer = this.#terminal.buffer.normal;
    if (buffer.length < rows + (options.scrollback ?? 0)) return 0;
    let lines = 0;
    for (let row = 0; row <= buffer.baseY + buffer.cursorY; row += 1) {
      if (buffer.getLine(row)?.isWrapped !== true) lines += 1;
    }
    return Math.max(0, this.#lineFeeds + 1 - lines);
  }

  #show(lines: number): void {
    this.element.hidden = lines === 0;
    const isOne = lines === 1;
    const words = this.#isLeast
      ? label(isOne ? "hiddenOneLineAtLeast" : "hiddenLinesAtLeast", lines.toLocaleString("en"))
      : label(isOne ? "hiddenOneLine" : "hiddenLines", lines.toLocaleString("en"));
    this.#words.textContent = words;
  }
}
