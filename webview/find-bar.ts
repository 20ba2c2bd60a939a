import { element, icon, iconButton } from "./element.ts";
import { findPattern } from "./find-pattern.ts";
import type { FindOptions } from "./find-pattern.ts";
import { maxMatches } from "./screen-search.ts";
import type { SearchResult } from "./screen-search.ts";
import type { Screen } from "./screen.ts";
import { label } from "./labels.ts";

interface Toggle {
  option: keyof FindOptions;
  icon: string;
  label: string;
  /** Pressed together with Alt, as in VS Code. */
  key: string;
}

/** Searches the screen: Enter for the next match, Shift+Enter for the previous, Escape to close. */
export class FindBar {
  readonly element: HTMLElement;
  readonly #input: HTMLInputElement;
  readonly #count = element("span", { class: "find-count", role: "status" });
  readonly #toggles = new Map<string, HTMLButtonElement>();
  readonly #options: FindOptions = { caseSensitive: false, wholeWord: false, regex: false };
  readonly #screen: Screen;

  constructor(screen: Screen) {
    this.#screen = screen;
    const name = label("findPlaceholder");
    this.#input = element("input", {
      type: "text",
      class: "find-input",
      placeholder: name,
      "aria-label": name,
      spellcheck: "false",
      autocomplete: "off",
      maxlength: "1000",
    });
    const field = element(
      "div",
      { class: "find-field" },
      this.#input,
      ...toggles().map((one) => this.#toggle(one)),
    );
    this.element = element("div", { class: "find", role: "search", hidden: "" }, field, this.#count);
    this.element.append(
      iconButton("arrow-up", label("findPrevious"), () => this.#find("previous")),
      iconButton("arrow-down", label("findNext"), () => this.#find("next")),
      iconButton("close", label("closeFind"), () => this.close()),
    );
    this.#input.addEventListener("input", () => this.#find("stay"));
    this.element.addEventListener("keydown", (event) => this.#key(event));
    screen.onSearchResult = (result) => this.#tell(result);
  }

  /** Resets it for another run. */
  begin(): void {
    this.element.hidden = true;
    this.#input.value = "";
    for (const toggle of this.#toggles.values()) if (toggle.ariaPressed === "true") toggle.click();
    this.#say("");
  }

  /** Searches for the selection if it is within one line. */
  open(): void {
    this.element.hidden = false;
    const { selection } = this.#screen;
    if (selection !== "" && !selection.includes("\n")) this.#input.value = selection;
    this.#input.focus();
    this.#input.select();
    this.#find("stay");
  }

  /** Selects the active match, as an editor does. */
  close(): void {
    this.element.hidden = true;
    this.#screen.search.selectActive();
    this.#screen.search.clear();
    this.#say("");
    this.#screen.focus();
  }

  #toggle({ option, icon: name, label: title, key }: Toggle): HTMLElement {
    const attributes = { class: "find-toggle", type: "button", title, "aria-label": title };
    const button = element("button", { ...attributes, "aria-pressed": "false" }, icon(name));
    button.addEventListener("click", () => {
      this.#options[option] = !this.#options[option];
      button.setAttribute("aria-pressed", String(this.#options[option]));
      this.#find("stay");
    });
    this.#toggles.set(key, button);
    return button;
  }

  #key(event: KeyboardEvent): void {
    const toggle = event.altKey ? this.#toggles.get(event.code) : undefined;
    if (event.key === "Escape") this.close();
    else if (toggle !== undefined) toggle.click();
    else if (event.key === "Enter" && event.target === this.#input) {
      this.#find(event.shiftKey ? "previous" : "next");
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #find(step: "stay" | "next" | "previous"): void {
    const term = this.#input.value;
    const pattern = term === "" ? undefined : findPattern(term, this.#options);
    if (pattern !== undefined) return this.#screen.search.find(pattern, step);
    this.#screen.search.clear();
    this.#say(term === "" ? "" : label("badPattern"), term !== "");
  }

  #tell({ index, count }: SearchResult): void {
    if (count === 0) this.#say(label("noMatches"), true);
    else if (count < maxMatches) this.#say(label("matchOf", index + 1, count));
    else this.#say(label("manyMatches", index + 1, maxMatches.toLocaleString("en")));
  }

  #say(words: string, bad = false): void {
    this.element.classList.toggle("no-match", bad);
    this.#count.textContent = words;
  }
}

function toggles(): Toggle[] {
  return [
    { option: "caseSensitive", icon: "case-sensitive", label: label("matchCase"), key: "KeyC" },
    { option: "wholeWord", icon: "whole-word", label: label("wholeWord"), key: "KeyW" },
    { option: "regex", icon: "regex", label: label("useRegex"), key: "KeyR" },
  ];
}
