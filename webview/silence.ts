import { element } from "./element.ts";
import { label } from "./labels.ts";

const firstShownAfterMs = 2000;
const shownAfterMs = 10_000;

/** How long a running command has been silent: shown on the empty screen at first, in the status line later. */
export class Silence {
  /** For the empty screen. */
  readonly waiting = element("p", { class: "waiting", hidden: "" });
  /** For the status line. */
  readonly quiet = element("span", { class: "quiet" });
  #since = performance.now();
  #hasOutput = false;
  #timer: number | undefined;
  readonly #onTick: (ms: number) => void;

  /** `onTick` is called every second with how long the command has been silent. */
  constructor(onTick: (ms: number) => void) {
    this.#onTick = onTick;
  }

  /** Resets it for another run. */
  begin(): void {
    this.#hasOutput = false;
    this.stop();
  }

  /** The command is running, and has been silent for `ms`; only the first call counts. */
  start(ms: number): void {
    if (this.#timer !== undefined) return;
    this.#since = performance.now() - ms;
    this.#timer = window.setInterval(() => this.#show(), 1000);
    this.#show();
  }

  /** Output arrived that was written `ageMs` ago. */
  outputArrived(ageMs: number): void {
    this.#since = performance.now() - ageMs;
    this.#hasOutput = true;
    this.#show();
  }

  /** Something other than output is on the screen. */
  uncover(): void {
    this.#hasOutput = true;
    this.#show();
  }

  stop(): void {
    window.clearInterval(this.#timer);
    this.#timer = undefined;
    this.#show();
  }

  #show(): void {
    const ms = performance.now() - this.#since;
    const running = this.#timer !== undefined;
    this.waiting.hidden = !running || this.#hasOutput || ms < firstShownAfterMs;
    if (!this.waiting.hidden) this.waiting.textContent = label("waitingForOutput", spanOf(ms));
    if (running) this.#onTick(ms);
    const quiet = running && this.#hasOutput && ms >= shownAfterMs;
    this.quiet.textContent = quiet ? label("noOutputFor", spanOf(ms)) : "";
  }
}

/** `12 s`, `3 min`, `2 h`. */
export function spanOf(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
