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
 * What the same request with this key created. `idempotency_conflict` if that was another request; `conflict` if it was
 * deleted since, because making it again could run the command a second time.
 */
export function createdBefore<Created>(
  given: IdempotencyKey | undefined,
  store: Pick<RunStore, "keyOf">,
  find: (id: string) => Created | undefined,
): Created | undefined {
  const known = given && store.keyOf(given.key);
  if (known === undefined) return undefined;
  if (known.requestSha256 !== given?.requestSha256) {
    throw new Problem(
      "idempotency_conflict",
      "This Idempotency-Key was sent before with another request. Use a new key for a new request.",
    );
  }
  const created = find(known.madeId);
  if (created !== undefined) return created;
  const detail = "What this Idempotency-Key started was deleted. To run the command again, use a new key.";
  throw new Problem("conflict", detail);
}
