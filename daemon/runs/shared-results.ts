import type { Run } from "../../protocol/run.ts";

/** Further ones run by themselves, which is bounded elsewhere. */
const maxWaiting = 1000;

/** The run whose result stands for others; none: its result does not; cancelled: it was given up by who asked for it. */
export type SharedResult = Run | "none" | "cancelled";

/** `isKept`: whether the result of the run, which has ended, may stand for others. */
export function sharedResult(run: Run, isKept: boolean): SharedResult {
  if (isKept) return run;
  return run.outcome === "cancelled" ? "cancelled" : "none";
}

/** Lets one run be carried out for all that ask for the same result at once. */
export class SharedResults {
  readonly #underWay = new Map<string, Promise<SharedResult>>();
  #waiting = 0;

  /**
   * The result of a run under way that is kept by this key; undefined where the one who asks is to be carried out itself,
   * or `stopped` came first. When the run under way is cancelled, one of those that wait takes its place, and the others
   * wait for that one. `own` is the result of the one who asks, for those who come after it.
   */
  async join(key: string, own: Promise<SharedResult>, stopped: Promise<unknown>): Promise<Run | undefined> {
    for (;;) {
      const underWay = this.#underWay.get(key);
      if (underWay === undefined) {
        this.#underWay.set(key, own);
        void own.finally(() => this.#underWay.delete(key));
        return undefined;
      }
      if (this.#waiting >= maxWaiting) return undefined;
      this.#waiting += 1;
      const result = await Promise.race([underWay, stopped.then(() => "none" as const)]);
      this.#waiting -= 1;
      if (result !== "cancelled") return result === "none" ? undefined : result;
    }
  }
}
