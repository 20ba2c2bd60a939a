import { element, icon } from "./element.ts";
import { label } from "./labels.ts";

/** The note on the run, in a line above its output that is hidden without a note. */
export class NoteBar {
  readonly element = element("button", { class: "note-bar", type: "button", hidden: "" });

  constructor(edit: () => void) {
    this.element.title = label("editNote");
    this.element.addEventListener("click", edit);
  }

  show(note: string | null): void {
    this.element.hidden = note === null;
    this.element.setAttribute("aria-label", note === null ? "" : label("noteIs", note));
    this.element.replaceChildren(icon("note"), element("span", {}, note ?? ""));
  }
}
