import { element, iconButton } from "./element.ts";
import { openMenu } from "./tool-menu.ts";
import { listTools } from "./tools.ts";
import type { Tool, ToolName } from "./tools.ts";
import { label } from "./labels.ts";

/** The tools at the right of the header; in a narrow panel all but Stop move into a menu. */
export class Toolbar {
  readonly element: HTMLElement;
  readonly #buttons = new Map<ToolName, HTMLButtonElement>();
  readonly #tools: Tool[];
  readonly #use: (name: ToolName) => void;

  constructor(use: (name: ToolName) => void) {
    this.#use = use;
    this.#tools = listTools();
    for (const tool of this.#tools) {
      const button = iconButton(tool.icon, tool.label, () => use(tool.name));
      button.classList.add(`tool-${tool.name}`);
      this.#buttons.set(tool.name, button);
    }
    this.element = element("div", { class: "tools", role: "toolbar", "aria-label": label("tools") });
    this.element.append(...this.#row());
    this.setPressed(false);
  }

  /** Stop is shown only while there is something to stop. */
  setLive(live: boolean): void {
    const stop = this.#buttons.get("stop");
    if (stop === undefined) return;
    const hadFocus = document.activeElement === stop;
    stop.hidden = !live;
    if (hadFocus && !live) this.#buttons.get("runAgain")?.focus();
  }

  /** Whether the debug log is shown. */
  setPressed(pressed: boolean): void {
    this.#buttons.get("debugLog")?.setAttribute("aria-pressed", String(pressed));
  }

  #row(): HTMLElement[] {
    const row: HTMLElement[] = [];
    for (const [name, button] of this.#buttons) {
      row.push(button);
      if (name === "runInTerminal") row.push(separator());
    }
    return [...row, this.#more()];
  }

  #more(): HTMLElement {
    const more = iconButton("ellipsis", label("moreTools"), () => {
      openMenu(
        more,
        this.#tools.filter(({ name }) => name !== "stop"),
        this.#use,
      );
    });
    more.classList.add("tool-more");
    more.setAttribute("aria-haspopup", "menu");
    more.setAttribute("aria-expanded", "false");
    return more;
  }
}

function separator(): HTMLElement {
  return element("span", { class: "separator", "aria-hidden": "true" });
}
