/**
 * Asks one question of something slow on behalf of many. Nobody is given an answer that was asked for before they came:
 * who comes while a query is under way shares the next one with all who come until it begins.
 */
export class SharedQuery<Answer> {
  readonly #query: () => Promise<Answer>;
  /** Resolves, whatever came of it, when the query that is under way is over. */
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
