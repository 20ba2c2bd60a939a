import type { Run } from "../../protocol/run.ts";
import type { Stats } from "../../protocol/stats.ts";

/** Counts runs since the daemon started, whichever way they were carried out. */
export class RunTotals {
  #ended = 0;
  #connected = 0;
  #reused = 0;

  /** To be called with a run after each change of its state. */
  changed({ state, reusedConnection }: Pick<Run, "state" | "reusedConnection">): void {
    if (state === "ended") this.#ended += 1;
    if (state !== "running") return;
    this.#connected += 1;
    if (reusedConnection) this.#reused += 1;
  }

  get ended(): number {
    return this.#ended;
  }

  /** Those that were given a connection, and those among them whose connection was open before. */
  get connected(): Pick<Stats["pool"], "runs" | "reused"> {
    return { runs: this.#connected, reused: this.#reused };
  }
}
