import type { FromPanel } from "../protocol/panel.ts";
import type { Run } from "../protocol/run.ts";
import { element } from "./element.ts";
import { InputLine } from "./input-line.ts";
import { inputHint, readerIn } from "./input-hint.ts";
import type { OutputChunk } from "./screen-writer.ts";
import { label } from "./labels.ts";

const hintAfterMs = 3000;
const tailCharacters = 2000;
// Removed, since colours and other sequences may follow a prompt at the end of the output.
// oxlint-disable-next-line no-control-regex
const sequences = /\x1b\[[0-?]*[ -/]*[@-~]/g;

/**
 * A run's standard input: a line for input while it is open; otherwise a note when the command seems to have needed
 * input, with a button to run it again.
 */
export class Input {
  readonly element = element("div", { class: "input" });
  /** Called with what was typed for a command that has no terminal to echo it. */
  onTyped: (line: string) => void = () => {};
  readonly #line: InputLine;
  #command = "";
  #options: Run["options"] = {};
  readonly #runAgain: (pty: boolean) => void;
  #ended = false;
  #tail = "";

  /** `runAgain`: runs it again with the input open; `pty`: in a terminal. */
  constructor(post: (message: FromPanel) => void, runAgain: (pty: boolean) => void) {
    this.#runAgain = runAgain;
    this.#line = new InputLine({
      send: (line, hidden) => {
        const { pty } = this.#options;
        // Enter sends CR in a terminal, which the line discipline turns into LF.
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

  /** The command is running. */
  open(): void {
    this.#line.setOpen(this.#options.stdinOpen === true && !this.#ended);
  }

  outputArrived(chunks: readonly OutputChunk[]): void {
    const text = chunks.map(({ data, encoding }) => (encoding === undefined ? data : "")).join("");
    this.#tail = (this.#tail + text).slice(-tailCharacters);
    this.#line.hint(false);
    this.#removeNote();
    this.#line.prompted(this.#plainTail().split("\n").at(-1) ?? "");
  }

  /** The command has been silent for `ms`. */
  silent(ms: number): void {
    const isLong = ms >= hintAfterMs;
    this.#line.hint(isLong);
    // Without a terminal its input is at its end, so that the command does not wait.
    if (isLong && this.#options.pty === true && !this.#hasInput) this.#note(label("mayReadNone"), true);
  }

  /** The command has ended; `exited`: it ran to its end. Returns whether the line had the focus. */
  close(exited: boolean): boolean {
    const hadFocus = this.hasFocus;
    this.#line.setOpen(false);
    this.#removeNote();
    if (!this.#hasInput) this.#noteWish(exited);
    return hadFocus;
  }

  get hasFocus(): boolean {
    return this.element.contains(document.activeElement);
  }

  get #hasInput(): boolean {
    return this.#options.stdinOpen === true || this.#options.stdinGiven === true;
  }

  /** Its output is the best evidence; without any, its words may show that it reads input. */
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
