import type { ToPanel } from "../../protocol/panel.ts";

/** Whatever precedes the first output of a short command arrives within this time, which is imperceptible. */
const gatherMs = 20;

/**
 * Messages to a webview, in order and batched: each transfer to the window and each drawing takes milliseconds. Output
 * is never delayed, and is sent together with the messages before it.
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
