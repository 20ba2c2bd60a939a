import type { MetricGroup } from "../protocol/metric-groups.ts";
import { visible } from "../protocol/visible.ts";
import { element } from "./element.ts";

/** Groups of metrics; only changed values are rewritten, so that a selection is kept. */
export class MetricList {
  readonly root = element("div", { class: "groups" });
  readonly #values = new Map<string, HTMLElement>();
  #names = "";

  show(groups: readonly MetricGroup[]): void {
    const names = JSON.stringify(groups.map(({ title, metrics }) => [title, metrics.map(([name]) => name)]));
    if (names !== this.#names) this.#build(groups);
    this.#names = names;
    for (const { title, metrics } of groups) {
      for (const [name, value] of metrics) {
        const at = this.#values.get(`${title}/${name}`);
        const text = visible(value);
        if (at !== undefined && at.textContent !== text) at.textContent = text;
      }
    }
  }

  #build(groups: readonly MetricGroup[]): void {
    this.#values.clear();
    this.root.replaceChildren(
      ...groups.map(({ title, metrics }, index) => {
        const list = element("dl");
        for (const [name] of metrics) {
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
