import { AsyncLocalStorage } from "node:async_hooks";
import { pooledRandom } from "./pooled-random.ts";

const current = new AsyncLocalStorage<string>();

/** Does what a request asks for; all that is logged for it bears the request's id, also of what it began. */
export function withRequestId<T>(id: string, work: () => T): T {
  return current.run(id, work);
}

/** Undefined where no request is the reason. */
export function currentRequestId(): string | undefined {
  return current.getStore();
}

/** The one that a client, or a proxy before it, gave the request, if it is fit for a log; else a new one. */
export function requestIdOf(given: string | undefined): string {
  return given !== undefined && /^[\w.:-]{1,64}$/.test(given) ? given : pooledRandom(8).toString("hex");
}
