import type { Run } from "../../protocol/run.ts";

/** Further ones run by themselves, which is bounded elsewhere. */
const maxWaiting = 1000;

/** Lets one run be carried out for all that ask for the same result at once. */
export class SharedResults {
  readonly #underWay = new Map<string, Promise<Run | undefined>>();
  #waiting = 0;

  /**
   * The result of the run under way that is kept by this key, undefined when it comes to none; undefined at once where
   * none is under way. `result` is that of the one who asks, for those who come after it.
   */
  join(key: string, result: Promise<Run | undefined>): Promise<Run | undefined> | undefined {
    const underWay = this.#underWay.get(key);
    if (underWay === undefined) {
      this.#underWay.set(key, result);
      void result.finally(() => this.#underWay.delete(key));
      return undefined;
    }
    if (this.#waiting >= maxWaiting) return undefined;
    this.#waiting += 1;
    return underWay.finally(() => {
      this.#waiting -= 1;
    });
  }
}
