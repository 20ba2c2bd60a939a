import { element } from "./element.ts";

/**
 * A table that scrolls horizontally when it is too wide; `labelledBy` is the id of its heading, "" is the heading of a
 * column of buttons.
 */
export function wideTable(labelledBy: string, heads: readonly string[], rows: HTMLElement): HTMLElement {
  const cells = heads.map((name) => (name === "" ? element("td") : element("th", { scope: "col" }, name)));
  return element(
    "div",
    { class: "wide", tabindex: "0", role: "group", "aria-labelledby": labelledBy },
    element("table", {}, element("thead", {}, element("tr", {}, ...cells)), rows),
  );
}
