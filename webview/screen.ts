import { FitAddon } from "@xterm/addon-fit";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { Terminal } from "@xterm/xterm";
import type { OutputStream } from "../protocol/event.ts";
import type { Look } from "../protocol/panel.ts";
import type { TerminalSize } from "../protocol/run.ts";
import { element } from "./element.ts";
import { HiddenLines } from "./hidden-lines.ts";
import { linkOptions } from "./links.ts";
import { ScreenSearch } from "./screen-search.ts";
import type { SearchResult } from "./screen-search.ts";
import { ScreenWriter } from "./screen-writer.ts";
import type { OutputChunk } from "./screen-writer.ts";
import { scrollByKey } from "./scroll-keys.ts";
import { watchStderrRows } from "./stderr-marks.ts";
import { readTheme } from "./theme.ts";
import { label } from "./labels.ts";

/** xterm.js yields to the page only between two writes: pieces of this length keep hostile output from blocking it. */
const pieceCharacters = 4096;
const acknowledgeEvery = 5000;
export interface ScreenOptions {
  look: Look;
  drawn: (characters: number) => void;
  openLink: (url: string) => void;
  /** Shows the whole output, including what has scrolled out of the screen. */
  openOutput: () => void;
}

/** The terminal that shows one run. It is for display only: no input, and no reply of xterm.js, is sent anywhere. */
export class Screen {
  readonly search: ScreenSearch;
  /** Called with the results of a search, also as output arrives. */
  onSearchResult: (result: SearchResult) => void = () => {};
  /** Called when the size has changed. */
  onSized: () => void = () => {};
  readonly #options: ScreenOptions;
  readonly #terminal: Terminal;
  readonly #fitting = new FitAddon();
  #writer: ScreenWriter;
  readonly #element: HTMLElement;
  readonly #hidden: HiddenLines;
  #look: Look;
  /** Whether the current run has written anything, and whether it has a terminal. */
  #written = false;
  #pty: boolean | undefined;
  #unacknowledged = 0;
  #alive = true;

  constructor(parent: HTMLElement, options: ScreenOptions) {
    this.#options = options;
    this.#look = options.look;
    this.#terminal = new Terminal({
      allowProposedApi: true,
      convertEol: true,
      scrollOnUserInput: false,
      cursorInactiveStyle: "none",
      linkHandler: linkOptions(parent, options.openLink).osc8,
      logLevel: "off",
      ...lookOptions(options.look),
    });
    this.search = new ScreenSearch(this.#terminal, (result) => this.onSearchResult(result));
    this.#writer = this.#newWriter();
    const gutter = element("div", { class: "gutter" });
    const host = element("div", { class: "screen-host" });
    this.#element = element("div", { class: "screen" }, gutter, host);
    this.setAlive(true);
    this.#hidden = new HiddenLines(this.#terminal, options.openOutput);
    parent.append(this.#hidden.element, this.#element);
    this.#open(host, gutter, parent);
  }

  get selection(): string {
    return this.#terminal.getSelection();
  }

  get size(): TerminalSize {
    const { cols, rows } = this.#terminal;
    return { cols, rows };
  }

  /** Whether there is something to stop, in which case the context menu offers it. */
  setAlive(alive: boolean): void {
    this.#alive = alive;
    this.#describe();
  }

  /**
   * Called before the first output of a run: discards everything of the run before, including output that is not drawn
   * yet. `pty`: the command has a terminal of its own, which ends lines with CR LF itself.
   */
  begin(look: Look, pty: boolean): void {
    this.onSized = () => {};
    this.search.clear();
    this.#writer = this.#newWriter();
    this.setAlive(true);
    if (JSON.stringify(look) !== JSON.stringify(this.#look)) this.restyle(look);
    this.#terminal.options.convertEol = !pty;
    if (this.#written || this.#pty !== pty) this.#reset(pty);
    this.#written = false;
    this.#pty = pty;
    this.fit();
  }

  write(chunk: OutputChunk): number {
    const { text, bytes } = this.#writer.take(chunk);
    this.#written = true;
    this.#write(text, () => this.#acknowledge(chunk.data.length));
    return bytes;
  }

  typed(line: string): void {
    this.#written = true;
    this.#terminal.write(this.#writer.typed(line));
  }

  gap(stream: OutputStream, bytes: number): void {
    this.#written = true;
    this.#terminal.write(this.#writer.gap(stream, bytes));
    this.#hidden.gap();
  }

  selectAll(): void {
    const { type, baseY, cursorX, cursorY } = this.#terminal.buffer.active;
    if (type === "alternate") {
      this.#terminal.selectAll();
      return;
    }
    // Excludes the rows below the last one that was written.
    const last = baseY + cursorY - (cursorX === 0 ? 1 : 0);
    this.#terminal.selectLines(0, Math.max(0, last));
  }

  clear(): void {
    this.#terminal.write("\x1b[2J\x1b[3J\x1b[H", () => {
      this.#terminal.clear();
      this.#hidden.reset();
    });
  }

  focus(): void {
    this.#terminal.focus();
  }

  fit(): void {
    if (this.#element.clientWidth > 0 && this.#element.clientHeight > 0) this.#fitting.fit();
  }

  /** Applies the current theme, and the look if a new one is given. */
  restyle(look: Look = this.#look): void {
    this.#look = look;
    Object.assign(this.#terminal.options, lookOptions(look));
    this.search.restyle();
    this.fit();
  }

  #open(host: HTMLElement, gutter: HTMLElement, parent: HTMLElement): void {
    const terminal = this.#terminal;
    terminal.loadAddon(this.#fitting);
    const { activate, hover, leave } = linkOptions(parent, this.#options.openLink).web;
    terminal.loadAddon(new WebLinksAddon(activate, { hover, leave }));
    terminal.open(host);
    if (terminal.textarea !== undefined) {
      terminal.textarea.setAttribute("aria-label", label("output"));
      terminal.textarea.readOnly = true;
    }
    terminal.attachCustomKeyEventHandler((event) => {
      if (event.type === "keydown") scrollByKey(terminal, event);
      return false;
    });
    new ResizeObserver(() => this.fit()).observe(this.#element);
    terminal.onSelectionChange(() => this.#describe());
    watchStderrRows(terminal, gutter);
    this.fit();
    terminal.onResize(() => this.onSized());
  }

  /** A command without a terminal has no cursor. */
  #reset(pty: boolean): void {
    this.#hasten();
    this.#terminal.write(pty ? "\x1bc" : "\x1bc\x1b[?25l", () => {
      this.#unacknowledged = 0;
      this.#hidden.reset();
    });
  }

  #newWriter(): ScreenWriter {
    return new ScreenWriter(() => ({ rows: this.#terminal.rows, columns: this.#terminal.cols }));
  }

  /** VS Code opens its own context menu here, with the items in package.json for this section. */
  #describe(): void {
    this.#element.dataset["vscodeContext"] = JSON.stringify({
      webviewSection: "output",
      preventDefaultContextMenuItems: true,
      hostrunSelection: this.#terminal.hasSelection(),
      hostrunAlive: this.#alive,
    });
  }

  /**
   * Makes xterm.js parse the next write at once, as it does after input, so that it is drawn with the next frame: it
   * would otherwise wait for a timer, which the frame that the page's other parts need usually precedes. Input clears
   * the selection.
   */
  #hasten(): void {
    if (!this.#terminal.hasSelection()) this.#terminal.input("", true);
  }

  #write(text: string, done: () => void): void {
    this.#hasten();
    let at = 0;
    for (; text.length - at > pieceCharacters; at += pieceCharacters) {
      this.#terminal.write(text.slice(at, at + pieceCharacters));
    }
    this.#terminal.write(text.slice(at), done);
  }

  #acknowledge(characters: number): void {
    this.#unacknowledged += characters;
    if (this.#unacknowledged < acknowledgeEvery) return;
    this.#options.drawn(this.#unacknowledged);
    this.#unacknowledged = 0;
  }
}

/** VS Code sets a class of the body when it has detected a screen reader. */
export function isReadAloud({ screenReader }: Look): boolean {
  return screenReader || document.body.classList.contains("vscode-using-screen-reader");
}

function lookOptions(look: Look): Partial<Terminal["options"]> {
  const { colours, contrast } = readTheme();
  return {
    fontFamily: look.fontFamily,
    fontSize: look.fontSize,
    lineHeight: Math.max(1, look.lineHeight),
    scrollback: look.scrollback,
    screenReaderMode: isReadAloud(look),
    smoothScrollDuration: 0,
    minimumContrastRatio: contrast,
    theme: colours,
  };
}
