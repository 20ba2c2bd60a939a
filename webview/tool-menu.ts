import { element, icon } from "./element.ts";
import type { Tool, ToolName } from "./tools.ts";

/** Opens the tools as a menu below the button that opened it, which gets the focus back. */
export function openMenu(opener: HTMLElement, tools: Tool[], use: (name: ToolName) => void): void {
  if (opener.getAttribute("aria-expanded") === "true") return;
  const label = opener.getAttribute("aria-label") ?? "";
  const menu = element("div", { class: "menu", role: "menu", "aria-label": label });
  const outside = new AbortController();
  const close = (): void => {
    outside.abort();
    menu.remove();
    opener.setAttribute("aria-expanded", "false");
    opener.focus();
  };
  const rows = tools.map((tool) => {
    const row = toolRow(tool);
    row.addEventListener("click", () => {
      close();
      use(tool.name);
    });
    return row;
  });
  menu.append(...rows);
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape" || event.key === "Tab") close();
    else if (!moveFocus(rows, event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  });
  const leave = (event: Event): void => {
    if (event.target instanceof Node && !menu.contains(event.target)) close();
  };
  document.addEventListener("pointerdown", leave, { signal: outside.signal, capture: true });
  window.addEventListener("blur", close, { signal: outside.signal });
  opener.setAttribute("aria-expanded", "true");
  opener.after(menu);
  rows[0]?.focus();
}

function toolRow({ icon: name, label }: Tool): HTMLButtonElement {
  const row = element("button", { class: "menu-row", type: "button", role: "menuitem", tabindex: "-1" });
  row.append(icon(name), element("span", {}, label));
  return row;
}

function moveFocus(rows: HTMLElement[], key: string): boolean {
  const at = rows.findIndex((row) => row === document.activeElement);
  const targets: Record<string, number> = {
    ArrowDown: (at + 1) % rows.length,
    ArrowUp: (at - 1 + rows.length) % rows.length,
    Home: 0,
    End: rows.length - 1,
  };
  const target = targets[key];
  if (target !== undefined) rows[target]?.focus();
  return target !== undefined;
}
