import type { Problem } from "../../../protocol/problem.ts";

/** The close of a connection, which happens once, and its listeners. */
export class ConnectionEnd {
  #reason: Problem | undefined;
  readonly #listeners = new Set<(problem: Problem) => void>();

  /** undefined while the connection is open. */
  get reason(): Problem | undefined {
    return this.#reason;
  }

  /** As `SshConnection.onClose`. */
  readonly onClose = (listener: (problem: Problem) => void): (() => void) => {
    if (this.#reason === undefined) this.#listeners.add(listener);
    else listener(this.#reason);
    return () => this.#listeners.delete(listener);
  };

  /** Only the first call counts. */
  resolve(reason: Problem): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    for (const listener of this.#listeners) listener(reason);
    this.#listeners.clear();
  }
}
