import type { ToPanel } from "../../protocol/panel.ts";

/** What comes before the first output of a short command comes within this time, and nobody sees it. */
const gatherMs = 20;

/**
 * Messages to a webview, in order, several as one: each crossing into the window and each drawing costs it milliseconds.
 * Output waits for nothing, and takes along what was posted before it.
 */
export class PanelMail implements Disposable {
  readonly #send: (messages: readonly ToPanel[]) => void;
  #waiting: ToPanel[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(send: (messages: readonly ToPanel[]) => void) {
    this.#send = send;
  }

  post(message: ToPanel): void {
    this.#waiting.push(message);
    if (message.type === "output") this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), gatherMs);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const messages = this.#waiting;
    this.#waiting = [];
    this.#send(messages);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
