import { element } from "./element.ts";
import { label } from "./labels.ts";

const maxLines = 2000;

/** The run's debug log: one entry per line, newest last; the oldest are dropped beyond `maxLines`. */
export class DebugLog {
  readonly element: HTMLElement;
  readonly #lines = element("ol", { class: "log-lines" });

  constructor() {
    const name = label("debugLog");
    this.element = element("section", { class: "log", "aria-label": name, tabindex: "0", hidden: "" });
    this.element.append(element("p", { class: "log-empty" }, label("logEmpty")), this.#lines);
  }

  /** Resets it for another run. */
  begin(): void {
    this.element.hidden = true;
    this.#lines.replaceChildren();
  }

  get shown(): boolean {
    return !this.element.hidden;
  }

  toggle(): void {
    this.element.hidden = this.shown;
    if (this.shown) this.#toEnd();
  }

  /** `at`: an instant in ISO 8601; its time of day is shown in the local time zone. */
  add(at: string, message: string): void {
    const atEnd = this.#isAtEnd();
    const time = element("time", { datetime: at, title: at }, timeOfDay(at));
    this.#lines.append(element("li", {}, time, element("span", {}, message)));
    while (this.#lines.childElementCount > maxLines) this.#lines.firstElementChild?.remove();
    if (atEnd) this.#toEnd();
  }

  /** Reading sizes forces a layout of the page, which is wasted while the log is hidden. */
  #isAtEnd(): boolean {
    if (!this.shown) return false;
    const { scrollTop, clientHeight, scrollHeight } = this.element;
    return scrollTop + clientHeight >= scrollHeight - 4;
  }

  #toEnd(): void {
    this.element.scrollTop = this.element.scrollHeight;
  }
}

function timeOfDay(at: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return at;
  const two = (value: number, digits = 2): string => String(value).padStart(digits, "0");
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => two(part)).join(":");
  return `${clock}.${two(date.getMilliseconds(), 3)}`;
}
