import { createHash } from "node:crypto";
import type { RunRequest } from "../../protocol/run.ts";
import type { IdempotencyKey } from "./record/run-store.ts";

/** What is stored of a request that came with a key, to tell it from another one with the same key. */
export function idempotencyOf(key: string, request: RunRequest): IdempotencyKey {
  // A hash that is stored must not help to guess a secret.
  const told = { ...request, secretEnv: Object.keys(request.secretEnv) };
  return { key, requestSha256: createHash("sha256").update(JSON.stringify(told)).digest("hex") };
}
