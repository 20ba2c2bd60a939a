import type { PanelHost } from "../protocol/panel.ts";
import type { Run } from "../protocol/run.ts";
import { createCommandLine } from "./command-line.ts";
import { element, icon } from "./element.ts";
import type { Standing } from "./ending.ts";
import { label } from "./labels.ts";
import { NoteBar } from "./note-bar.ts";

/** The panel's header: the run's state, its host, and the command; below it the note on the run. */
export class Head {
  readonly element: HTMLElement;
  readonly #state = element("span", { class: "state-icon", role: "img" });
  readonly note: NoteBar;
  #about: readonly HTMLElement[] = [];

  constructor(toolbar: HTMLElement, editNote: () => void) {
    this.note = new NoteBar(editNote);
    this.element = element("header", { class: "head" }, this.#state, toolbar);
  }

  begin(host: PanelHost, { command, options, note }: Run): void {
    this.note.show(note);
    for (const part of this.#about) part.remove();
    const { where } = host;
    const badge = (name: "production" | "durable", hint: string): HTMLElement =>
      element("span", { class: name, title: hint }, label(name));
    this.#about = [
      element("h1", { class: "host", title: `${host.name} (${where})` }, host.name),
      element("span", { class: "address", title: where }, where),
      ...(host.production ? [badge("production", label("productionHint"))] : []),
      ...(options.durable === true ? [badge("durable", label("durableHint"))] : []),
      ...createCommandLine(command),
    ];
    this.#state.after(...this.#about);
  }

  show({ tone, icon: name, words }: Standing): void {
    this.#state.className = `state-icon tone-${tone}`;
    this.#state.title = words;
    this.#state.setAttribute("aria-label", words);
    this.#state.replaceChildren(icon(name));
  }
}
