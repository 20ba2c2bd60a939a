import { formatBytes } from "../protocol/size.ts";
import { ElapsedTicker, formatElapsed } from "./elapsed.ts";
import { element } from "./element.ts";
import type { Standing } from "./ending.ts";
import { label } from "./labels.ts";

const noticeMs = 5000;

/** The line below the output: state, time, size, details of the connection, and finally the outcome of the run. */
export class StatusLine {
  readonly element: HTMLElement;
  readonly #state = element("span", { class: "state", role: "status" });
  readonly #time = element("span", { class: "time" });
  readonly #size = element("span", { class: "size" });
  readonly #detail = element("span", { class: "detail" });
  readonly #ending = element("span", { class: "ending", role: "status" });
  readonly #notice = element("span", { class: "notice", role: "status" });
  readonly #transport = element("span", { class: "transport" });
  readonly #ticker: ElapsedTicker;
  #calm = false;
  #forgetNotice: number | undefined;

  constructor() {
    this.#ticker = new ElapsedTicker((ms) => {
      this.#time.textContent = formatElapsed(ms, !this.#calm);
    });
    this.#time.title = label("elapsed");
    this.#size.title = label("received");
    this.element = element("footer", { class: "foot" }, this.#state, this.#time, this.#size, this.#detail);
    const filler = element("span", { class: "filler" });
    this.element.append(this.#ending, filler, this.#notice, this.#transport);
  }

  /** Resets it for another run. `calm`: the time is updated once per second instead of ten times. */
  begin(calm: boolean): void {
    this.#calm = calm;
    this.#ticker.stop(0);
    this.setState("");
    this.setBytes(0);
    this.setDetail("");
    this.setTransport("");
    this.#ending.className = "ending";
    this.#ending.replaceChildren();
    this.#forget();
  }

  startClock(elapsedMs: number): void {
    this.#ticker.start(elapsedMs, this.#calm ? 1000 : 100);
  }

  stopClock(ms: number): void {
    this.#ticker.stop(ms);
    // Once stopped, the time may be shown with tenths.
    this.#time.textContent = formatElapsed(ms);
  }

  setState(words: string): void {
    // A live region is announced whenever it is written, even with the same text.
    if (this.#state.textContent !== words) this.#state.textContent = words;
  }

  setBytes(bytes: number): void {
    this.#size.textContent = formatBytes(bytes);
  }

  setDetail(detail: string): void {
    this.#detail.textContent = detail;
    this.#detail.title = detail;
  }

  setTransport(transport: string): void {
    this.#transport.textContent = transport;
    this.#transport.title = transport;
  }

  setEnding({ tone, words }: Standing, hint: string): void {
    this.#ending.className = `ending tone-${tone}`;
    this.#ending.textContent = words;
    this.#ending.title = hint;
  }

  /** Adds an element next to the size, e.g. how long there has been no output. */
  addFigure(figure: HTMLElement): void {
    this.#size.after(figure);
  }

  /** Shows a temporary message, e.g. that something was copied. */
  notice(words: string): void {
    this.#forget();
    this.#notice.textContent = words;
    this.#forgetNotice = window.setTimeout(() => this.#notice.replaceChildren(), noticeMs);
  }

  #forget(): void {
    window.clearTimeout(this.#forgetNotice);
    this.#notice.replaceChildren();
  }
}
