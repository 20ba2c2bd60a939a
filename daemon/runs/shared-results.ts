import type { Run, RunRequest } from "../../protocol/run.ts";
import type { Settings } from "../../protocol/settings.ts";
import type { SessionSettings } from "../transport/session-settings.ts";
import { limitsOf, type RunLimits } from "./create-execution.ts";
import type { LiveRun } from "./record/live-run.ts";
import type { Cache, CacheableRequest } from "./result-cache.ts";

/** Further runs are carried out themselves; their number is limited elsewhere. */
const maxWaiting = 1000;

/** For how long a run may take, and what it may wait for. */
export interface Patience extends RunLimits, Pick<RunRequest, "prompts" | "durable"> {}

/** The run whose result can be reused; none: it cannot; cancelled, timedOut: the run was ended, which says nothing of others. */
export type SharedResult = Run | "none" | "cancelled" | "timedOut";

export interface SharedRequest {
  /** undefined: neither shared nor kept. */
  readonly key: string | undefined;
  readonly cacheable: CacheableRequest;
  readonly patience: Patience;
}

interface SharedRun {
  readonly live: Pick<LiveRun, "run" | "status">;
  readonly patience: Patience;
  /** For how long its result is kept; 0: not at all. */
  readonly ttlMs: number;
  readonly result: Promise<SharedResult>;
}

export function sharedResult(run: Run, isReusable: boolean): SharedResult {
  if (isReusable) return run;
  return run.outcome === "cancelled" || run.outcome === "timedOut" ? run.outcome : "none";
}

export function patienceOf(
  request: RunRequest,
  session: Pick<SessionSettings, "connectTimeoutMs">,
  usual: Settings,
): Patience {
  const { prompts, durable } = request;
  return { prompts, durable, ...limitsOf(request, session, usual) };
}

/**
 * Whether a run that waits for `other`, which began before it, ends no later than it would by itself: nothing that
 * `other` waits for may be too long for it.
 */
function isAsPatientAs(run: Patience, other: Patience): boolean {
  return (
    run.connectTimeoutMs >= other.connectTimeoutMs &&
    timeOf(run) >= timeOf(other) &&
    (run.prompts === "ask" || other.prompts === "fail") &&
    (run.durable || !other.durable)
  );
}

function timeOf({ timeoutMs }: RunLimits): number {
  return timeoutMs === 0 ? Infinity : timeoutMs;
}

/**
 * Carries out one run for all simultaneous requests of the same result, and keeps the result. Once a run has begun, no
 * older result is reused, however the run ends: the cache has only the result of the run that began last.
 */
export class SharedResults {
  readonly #cache: Pick<Cache, "set" | "delete">;
  /** The run that began last, by cache key. */
  readonly #underWay = new Map<string, SharedRun>();
  #waiting = 0;

  constructor(cache: Pick<Cache, "set" | "delete">) {
    this.#cache = cache;
  }

  /**
   * The result of a run under way with this key; undefined if the caller is to carry out its `own` run, or if `stopped`
   * came first. A run waits only for one that is not more patient than itself; otherwise later callers may wait for
   * `own`. When the run under way is cancelled, one of the waiting runs takes its place and the others wait for that one.
   * The same when it is out of time, but only for those that have more: the others would wait longer than they may.
   */
  async join(key: string, own: SharedRun, stopped: Promise<unknown>): Promise<Run | undefined> {
    for (;;) {
      const underWay = this.#underWay.get(key);
      if (underWay === undefined || !isAsPatientAs(own.patience, underWay.patience)) break;
      if (this.#waiting >= maxWaiting) break;
      this.#waiting += 1;
      const { id } = underWay.live.run;
      own.live.status("queued", `Waiting for the result of run ${id}, which runs the same command`);
      const result = await Promise.race([underWay.result, stopped.then(() => "stopped" as const)]);
      this.#waiting -= 1;
      if (typeof result !== "string") return result;
      if (result === "stopped") return undefined;
      const hasTime = result === "cancelled" || timeOf(own.patience) > timeOf(underWay.patience);
      if (result === "none" || !hasTime) break;
    }
    this.begin(key, own);
    return undefined;
  }

  /** To be called when a run with this key begins: it is carried out whatever results there are. */
  begin(key: string, own: SharedRun): void {
    this.#underWay.set(key, own);
    void this.#cache.delete(key);
    void this.#keep(key, own);
  }

  async #keep(key: string, own: SharedRun): Promise<void> {
    const result = await own.result;
    if (this.#underWay.get(key) !== own) return;
    this.#underWay.delete(key);
    if (typeof result !== "string" && own.ttlMs > 0) await this.#cache.set(key, result.id, own.ttlMs);
  }
}
