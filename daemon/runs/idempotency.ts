import { createHash } from "node:crypto";
import { Problem } from "../../protocol/problem.ts";
import type { IdempotencyKey, RunStore } from "./record/run-store.ts";

/** What is stored of a keyed request for a run or job, to distinguish it from another request with the same key. */
export function idempotencyOf(
  key: string | undefined,
  request: Readonly<Record<string, unknown>> & { readonly secretEnv: Readonly<Record<string, string>> },
): IdempotencyKey | undefined {
  if (key === undefined) return undefined;
  // A stored hash must not help to guess a secret.
  const hashed = { ...request, secretEnv: Object.keys(request.secretEnv) };
  return { key, requestSha256: createHash("sha256").update(JSON.stringify(hashed)).digest("hex") };
}

/**
 * The id of what an identical request with this key created. Throws `idempotency_conflict` if the request was a
 * different one.
 */
export function existingId(
  given: IdempotencyKey | undefined,
  store: Pick<RunStore, "keyOf">,
): string | undefined {
  const known = given && store.keyOf(given.key);
  if (known === undefined || known.requestSha256 === given?.requestSha256) return known?.madeId;
  throw new Problem(
    "idempotency_conflict",
    "This Idempotency-Key was sent before with another request. Use a new key for a new request.",
  );
}
