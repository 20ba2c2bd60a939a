import { AsyncLocalStorage } from "node:async_hooks";
import { pooledRandom } from "./pooled-random.ts";

const current = new AsyncLocalStorage<string>();

/** Performs the work of a request; everything logged for it has the request's id, including work that it started. */
export function withRequestId<T>(id: string, work: () => T): T {
  return current.run(id, work);
}

/** undefined outside of a request. */
export function currentRequestId(): string | undefined {
  return current.getStore();
}

/** The id that a client, or a proxy before it, gave the request, if it is suitable for a log; otherwise a new one. */
export function requestIdOf(given: string | undefined): string {
  return given !== undefined && /^[\w.:-]{1,64}$/.test(given) ? given : pooledRandom(8).toString("hex");
}
