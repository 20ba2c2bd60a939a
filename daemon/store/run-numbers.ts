import type Sqlite from "better-sqlite3";

/** No run has this number; numbers begin with 1. */
const noRun = 0;

/** The numbers by which the tables know runs. Those of runs that have not ended are kept, since each write needs one. */
export class RunNumbers {
  readonly #byId: Sqlite.Statement<[string], number>;
  readonly #open = new Map<string, number>();

  constructor(sql: Sqlite.Database) {
    this.#byId = sql.prepare<[string], number>("SELECT number FROM runs WHERE id = ?").pluck();
  }

  /** 0 if there is no such run. */
  of(id: string): number {
    return this.#open.get(id) ?? this.#byId.get(id) ?? noRun;
  }

  /** To be called after the run was committed: a number that was rolled back is given to another run. */
  begun(id: string, number: number): void {
    this.#open.set(id, number);
  }

  /** Also if it was deleted. */
  ended(id: string): void {
    this.#open.delete(id);
  }
}
