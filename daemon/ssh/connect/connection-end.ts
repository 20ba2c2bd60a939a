import type { Problem } from "../../../protocol/problem.ts";

/** The end of a connection, which comes once, and whoever is to be told of it. */
export class ConnectionEnd {
  #reason: Problem | undefined;
  readonly #listeners = new Set<(problem: Problem) => void>();

  /** undefined before it has come. */
  get reason(): Problem | undefined {
    return this.#reason;
  }

  /** As `SshConnection.onClose`. */
  readonly onClose = (listener: (problem: Problem) => void): (() => void) => {
    if (this.#reason === undefined) this.#listeners.add(listener);
    else listener(this.#reason);
    return () => this.#listeners.delete(listener);
  };

  /** Only the first one counts. */
  come(reason: Problem): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    for (const listener of this.#listeners) listener(reason);
    this.#listeners.clear();
  }
}
