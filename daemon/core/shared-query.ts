/**
 * Runs one slow query on behalf of many callers. Nobody gets a result that was requested before they asked: callers that
 * arrive during a query share the next one.
 */
export class SharedQuery<Answer> {
  readonly #query: () => Promise<Answer>;
  /** Resolves when the current query is over, whatever its outcome. */
  #over: Promise<void> | undefined;
  #next: Promise<Answer> | undefined;

  constructor(query: () => Promise<Answer>) {
    this.#query = query;
  }

  ask(): Promise<Answer> {
    if (this.#over === undefined) return this.#begin();
    this.#next ??= this.#over.then(() => this.#begin());
    return this.#next;
  }

  #begin(): Promise<Answer> {
    this.#next = undefined;
    const answer = this.#query();
    const over = (): void => {
      if (this.#next === undefined) this.#over = undefined;
    };
    this.#over = answer.then(over, over);
    return answer;
  }
}
