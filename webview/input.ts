import type { FromPanel } from "../protocol/panel.ts";
import type { Run } from "../protocol/run.ts";
import { element } from "./element.ts";
import { InputLine } from "./input-line.ts";
import { inputHint, readerIn } from "./input-hint.ts";
import type { OutputChunk } from "./screen-writer.ts";
import { label } from "./labels.ts";

const hintAfterMs = 3000;
const tailCharacters = 2000;
// Colours and the like would stand between a prompt and the end of the output.
// oxlint-disable-next-line no-control-regex
const sequences = /\x1b\[[0-?]*[ -/]*[@-~]/g;

/**
 * A run's standard input: a line to type into where it is open, and where it was not, a note when the command seems to
 * have wanted to read, with a way to run it again.
 */
export class Input {
  readonly element = element("div", { class: "input" });
  /** Hears of what was typed for a command that has no terminal to repeat it. */
  onTyped: (line: string) => void = () => {};
  readonly #line: InputLine;
  #command = "";
  #options: Run["options"] = {};
  readonly #runAgain: (pty: boolean) => void;
  #ended = false;
  #tail = "";

  /** `runAgain`: with the input open; `pty`: in a terminal. */
  constructor(post: (message: FromPanel) => void, runAgain: (pty: boolean) => void) {
    this.#runAgain = runAgain;
    this.#line = new InputLine({
      send: (line, hidden) => {
        const { pty } = this.#options;
        // A terminal's Enter is a CR, which its line discipline makes a LF of.
        post({ type: "stdin", data: `${line}${pty === true ? "\r" : "\n"}`, end: false });
        if (pty !== true && !hidden) this.onTyped(line);
      },
      end: () => {
        const pty = this.#options.pty === true;
        // In a terminal it is a character.
        post(pty ? { type: "stdin", data: "\x04", end: false } : { type: "stdin", data: "", end: true });
        this.#ended = !pty;
        if (pty) this.#line.setOpen(true);
      },
    });
    this.element.append(this.#line.element);
  }

  begin({ command, options }: Pick<Run, "command" | "options">): void {
    this.#command = command;
    this.#options = options;
    this.#ended = false;
    this.#tail = "";
    this.#line.begin();
    this.#removeNote();
  }

  /** The command runs. */
  open(): void {
    this.#line.setOpen(this.#options.stdinOpen === true && !this.#ended);
  }

  heard(chunks: readonly OutputChunk[]): void {
    const text = chunks.map(({ data, encoding }) => (encoding === undefined ? data : "")).join("");
    this.#tail = (this.#tail + text).slice(-tailCharacters);
    this.#line.hint(false);
    this.#removeNote();
    this.#line.prompted(this.#plainTail().split("\n").at(-1) ?? "");
  }

  /** The command has written nothing for `ms`. */
  silent(ms: number): void {
    const isLong = ms >= hintAfterMs;
    this.#line.hint(isLong);
    // Elsewhere its input has an end, at which no command waits.
    if (isLong && this.#options.pty === true && !this.#hasInput) this.#note(label("mayReadNone"), true);
  }

  /** The command has ended; `exited`: it ran to its end. Whether the line had the keyboard. */
  close(exited: boolean): boolean {
    const hadFocus = this.element.contains(document.activeElement);
    this.#line.setOpen(false);
    this.#removeNote();
    if (!this.#hasInput) this.#noteWish(exited);
    return hadFocus;
  }

  get #hasInput(): boolean {
    return this.#options.stdinOpen === true || this.#options.stdinGiven === true;
  }

  /** What it wrote tells most; where it wrote nothing of it, its words may say that it reads. */
  #noteWish(exited: boolean): void {
    const hint = inputHint(this.#plainTail());
    const pty = this.#options.pty === true;
    if (hint === "terminal" && !pty) return this.#note(label("wantedTerminal"), true);
    if (hint === "input") return this.#note(label("wantedInput"), pty);
    const reader = exited ? readerIn(this.#command) : undefined;
    if (reader !== undefined) this.#note(label("readNone", reader), pty);
  }

  #note(words: string, inTerminal: boolean): void {
    if (this.element.querySelector(".input-note") !== null) return;
    const title = label(inTerminal ? "runInTerminal" : "runWithInput");
    const again = element("button", { class: "text-button", type: "button" }, title);
    again.addEventListener("click", () => this.#runAgain(inTerminal));
    this.element.append(
      element("div", { class: "input-note", role: "note" }, element("span", {}, words), again),
    );
  }

  #removeNote(): void {
    this.element.querySelector(".input-note")?.remove();
  }

  #plainTail(): string {
    return this.#tail.replaceAll(sequences, "").replaceAll("\r\n", "\n");
  }
}
