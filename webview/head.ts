import type { PanelHost } from "../protocol/panel.ts";
import type { Run } from "../protocol/run.ts";
import { createCommandLine } from "./command-line.ts";
import { element, icon } from "./element.ts";
import type { Standing } from "./ending.ts";
import { word } from "./labels.ts";

/** The panel's head: how the run stands, where it runs, and the command. */
export class Head {
  readonly element: HTMLElement;
  readonly #state = element("span", { class: "state-icon", role: "img" });

  constructor(host: PanelHost, { command, options }: Run, toolbar: HTMLElement) {
    const where = host.user === null ? host.address : `${host.user}@${host.address}`;
    this.element = element("header", { class: "head" }, this.#state);
    this.element.append(element("span", { class: "host", title: `${host.name} (${where})` }, host.name));
    this.element.append(element("span", { class: "address", title: where }, where));
    if (host.production) {
      const badge = element("span", { class: "production", title: word("productionHint") });
      badge.append(word("production"));
      this.element.append(badge);
    }
    if (options.durable === true)
      this.element.append(element("span", { class: "durable", title: word("durableHint") }, word("durable")));
    this.element.append(...createCommandLine(command), toolbar);
  }

  show({ tone, icon: name, words }: Standing): void {
    this.#state.className = `state-icon tone-${tone}`;
    this.#state.title = words;
    this.#state.setAttribute("aria-label", words);
    this.#state.replaceChildren(icon(name));
  }
}
