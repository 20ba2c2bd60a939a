import type { Run } from "../../protocol/run.ts";

/** Further runs are carried out themselves; their number is limited elsewhere. */
const maxWaiting = 1000;

/** The run whose result can be reused; none: it cannot; cancelled: the run was cancelled by its client. */
export type SharedResult = Run | "none" | "cancelled";

/** `isKept`: whether the result of the ended run can be reused. */
export function sharedResult(run: Run, isKept: boolean): SharedResult {
  if (isKept) return run;
  return run.outcome === "cancelled" ? "cancelled" : "none";
}

/** Carries out one run for all simultaneous requests of the same result. */
export class SharedResults {
  readonly #underWay = new Map<string, Promise<SharedResult>>();
  #waiting = 0;

  /**
   * The result of a run under way with this key; undefined if the caller is to carry out its own run, or if `stopped`
   * came first. When the run under way is cancelled, one of the waiting runs takes its place and the others wait for
   * that one. `own` is the caller's result, for later callers.
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
