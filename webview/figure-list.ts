import type { FigureGroup } from "../protocol/figures.ts";
import { visible } from "../protocol/visible.ts";
import { element } from "./element.ts";

/** Groups of figures; only what has changed is written anew, so that a selection stays. */
export class FigureList {
  readonly root = element("div", { class: "groups" });
  readonly #values = new Map<string, HTMLElement>();
  #names = "";

  show(groups: readonly FigureGroup[]): void {
    const names = JSON.stringify(groups.map(({ title, figures }) => [title, figures.map(([name]) => name)]));
    if (names !== this.#names) this.#build(groups);
    this.#names = names;
    for (const { title, figures } of groups) {
      for (const [name, value] of figures) {
        const at = this.#values.get(`${title}/${name}`);
        const text = visible(value);
        if (at !== undefined && at.textContent !== text) at.textContent = text;
      }
    }
  }

  #build(groups: readonly FigureGroup[]): void {
    this.#values.clear();
    this.root.replaceChildren(
      ...groups.map(({ title, figures }, index) => {
        const list = element("dl");
        for (const [name] of figures) {
          const value = element("dd");
          this.#values.set(`${title}/${name}`, value);
          list.append(element("dt", {}, name), value);
        }
        const id = `group-${index}`;
        return element("section", { "aria-labelledby": id }, element("h2", { id }, title), list);
      }),
    );
  }
}
