import type { ISearchOptions } from "@xterm/addon-search";
import type { IDisposable } from "@xterm/xterm";
import { element, iconButton } from "./element.ts";
import type { Screen } from "./screen.ts";
import { readTheme } from "./theme.ts";
import { word } from "./words.ts";

const highlightLimit = 1000;

/** Searches the screen: Enter for the next match, Shift+Enter for the previous, Escape to close. */
export class FindBar {
  readonly element: HTMLElement;
  readonly #input: HTMLInputElement;
  readonly #count = element("span", { class: "find-count", role: "status" });
  readonly #screen: Screen;
  readonly #results: IDisposable;

  constructor(screen: Screen) {
    this.#screen = screen;
    const label = word("findPlaceholder");
    this.#input = element("input", {
      type: "text",
      class: "find-input",
      placeholder: label,
      "aria-label": label,
      spellcheck: "false",
      autocomplete: "off",
      maxlength: "1000",
    });
    this.element = element("div", { class: "find", role: "search", hidden: "" }, this.#input, this.#count);
    this.element.append(
      iconButton("arrow-up", word("findPrevious"), () => this.#find("previous")),
      iconButton("arrow-down", word("findNext"), () => this.#find("next")),
      iconButton("close", word("closeFind"), () => this.close()),
    );
    this.#input.addEventListener("input", () => this.#find("typed"));
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.#results = screen.search.onDidChangeResults((result) => this.#tell(result));
  }

  /** With the selection as what to look for, where it is of one line. */
  open(): void {
    this.element.hidden = false;
    const { selection } = this.#screen;
    if (selection !== "" && !selection.includes("\n")) this.#input.value = selection;
    this.#input.focus();
    this.#input.select();
    this.#find("typed");
  }

  close(): void {
    this.element.hidden = true;
    this.#screen.search.clearDecorations();
    this.#count.textContent = "";
    this.#screen.focus();
  }

  dispose(): void {
    this.#results.dispose();
  }

  #key(event: KeyboardEvent): void {
    if (event.key === "Escape") this.close();
    else if (event.key === "Enter" && event.target === this.#input) {
      this.#find(event.shiftKey ? "previous" : "next");
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #find(how: "typed" | "next" | "previous"): void {
    const term = this.#input.value;
    if (term === "") {
      this.#screen.search.clearDecorations();
      this.#count.textContent = "";
      return;
    }
    const options = searchOptions();
    if (how === "previous") this.#screen.search.findPrevious(term, options);
    else this.#screen.search.findNext(term, { ...options, incremental: how === "typed" });
  }

  #tell({ resultIndex, resultCount }: { resultIndex: number; resultCount: number }): void {
    this.element.classList.toggle("no-match", resultCount === 0 && this.#input.value !== "");
    if (this.#input.value === "") this.#count.textContent = "";
    else if (resultCount === 0) this.#count.textContent = word("noMatches");
    else if (resultIndex < 0 || resultCount >= highlightLimit) {
      this.#count.textContent = word("manyMatches", highlightLimit.toLocaleString("en"));
    } else this.#count.textContent = word("matchOf", resultIndex + 1, resultCount);
  }
}

function searchOptions(): ISearchOptions {
  const { match, activeMatch, border } = readTheme().matches;
  return {
    decorations: {
      matchBackground: match,
      matchOverviewRuler: match,
      activeMatchBackground: activeMatch,
      activeMatchBorder: border,
      activeMatchColorOverviewRuler: activeMatch,
    },
  };
}
