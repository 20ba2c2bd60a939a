import { element, icon } from "./element.ts";
import { label } from "./labels.ts";

export interface InputActions {
  /** `hidden`: it was typed as a secret. */
  send: (line: string, hidden: boolean) => void;
  end: () => void;
}

/** A prompt for a secret. */
const secretPrompt = /pass(?:word|phrase|code)?\b[^\n]*: ?$|\bPIN\b[^\n]*: ?$/i;

/** A line for input, for a run whose standard input is open: Enter sends it, Ctrl+D ends the input. */
export class InputLine {
  readonly element: HTMLElement;
  readonly #input: HTMLInputElement;
  readonly #hint = element("span", { class: "input-hint", role: "status" });
  readonly #hide: HTMLButtonElement;
  readonly #actions: InputActions;
  #given = false;

  constructor(actions: InputActions) {
    this.#actions = actions;
    const name = label("inputLabel");
    const attributes = { class: "input-field", type: "text", placeholder: name, "aria-label": name };
    this.#input = element("input", { ...attributes, spellcheck: "false", autocomplete: "off" });
    const hide = label("hideInput");
    this.#hide = element(
      "button",
      { class: "find-toggle", type: "button", title: hide, "aria-label": hide, "aria-pressed": "false" },
      icon("eye-closed"),
    );
    this.#hide.addEventListener("click", () => this.#setHidden(this.#input.type === "text"));
    const end = element("button", { class: "text-button", type: "button", title: label("endInputHint") });
    end.append(label("endInput"));
    end.addEventListener("click", () => this.#end());
    const field = element("div", { class: "input-box" }, icon("chevron-right"), this.#input, this.#hide);
    this.element = element("form", { class: "input-line", hidden: "" }, field, this.#hint, end);
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.element.addEventListener("keydown", (event) => {
      if (!event.ctrlKey || event.key !== "d" || this.#input.value !== "") return;
      event.preventDefault();
      this.#end();
    });
  }

  /** Resets it for another command. */
  begin(): void {
    this.#given = false;
    this.#input.value = "";
    this.#setHidden(false);
    this.setOpen(false);
  }

  /** Takes the focus from the output when it appears: the user wants to type. */
  setOpen(open: boolean): void {
    const appears = open && this.element.hidden;
    this.element.hidden = !open;
    const isTyping = document.activeElement instanceof HTMLInputElement;
    if (appears && document.hasFocus() && !isTyping) this.#input.focus();
    this.hint(false);
  }

  /** Given the last line of the output: the prompt determines whether the input is hidden. */
  prompted(line: string): void {
    if (this.#input.value === "") this.#setHidden(secretPrompt.test(line));
  }

  /** If nothing has been typed yet, a silent command may be waiting for input. */
  hint(shown: boolean): void {
    const words = shown && !this.#given ? label("mayRead") : "";
    // A live region is announced whenever it is written, even with the same text.
    if (this.#hint.textContent !== words) this.#hint.textContent = words;
  }

  #setHidden(hidden: boolean): void {
    this.#input.type = hidden ? "password" : "text";
    this.#hide.setAttribute("aria-pressed", String(hidden));
  }

  #send(): void {
    this.#given = true;
    this.hint(false);
    const hidden = this.#input.type === "password";
    this.#actions.send(this.#input.value, hidden);
    this.#input.value = "";
    this.#setHidden(false);
  }

  #end(): void {
    this.setOpen(false);
    this.#actions.end();
  }
}
