const settleMs = 100;

/** Calls `act` once changes have stopped: while a border is dragged, sizes follow one another rapidly. */
export class Settled {
  readonly #act: () => void;
  #timer: number | undefined;

  constructor(act: () => void) {
    this.#act = act;
  }

  changed(): void {
    this.cancel();
    this.#timer = window.setTimeout(this.#act, settleMs);
  }

  cancel(): void {
    window.clearTimeout(this.#timer);
  }
}
