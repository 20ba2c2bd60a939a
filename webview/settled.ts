const settleMs = 100;

/** Calls `act` once things have settled: while somebody drags a border, sizes come one after the other. */
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
