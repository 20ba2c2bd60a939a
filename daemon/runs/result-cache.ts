import { createHash } from "node:crypto";
import type { Run, RunRequest } from "../../protocol/run.ts";
import type { Remote, Target } from "../transport/remote.ts";
import type { RunStore } from "./record/run-store.ts";

/** What the run engine needs of the cache. A miss is always a right answer. */
export interface Cache {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string, ttlMs: number): Promise<void>;
  delete(key: string): Promise<void>;
}

/** A secret must not be part of a key that others may read, not even hashed, nor may its result be another's. */
export function mayBeCached({ cacheTtlMs, secretEnv }: RunRequest): boolean {
  return cacheTtlMs > 0 && Object.keys(secretEnv).length === 0;
}

/**
 * Finds the run whose result may be answered again for the same command in the same circumstances; `identity` is that
 * of who runs it where (see `Remote.identity`).
 */
export function resultKey(epoch: string, request: RunRequest, identity: string): string {
  const { command, useBash, loginShell, cwd, env, stdin, pty, recordLimitBytes, cols, rows } = request;
  const what = [
    identity,
    command,
    useBash,
    loginShell,
    cwd,
    Object.entries(env)
      .map(([name, value]) => `${name}=${value}`)
      .sort(),
    stdin,
    pty && [cols, rows],
    recordLimitBytes,
  ];
  return `result:${epoch}:${createHash("sha256").update(JSON.stringify(what)).digest("base64url")}`;
}

/** The run whose result stands for this request; undefined where none does. */
export async function cachedResult(
  request: RunRequest,
  { target, askedAt }: { readonly target: Target; readonly askedAt: number },
  { cache, store, remote }: { readonly cache: Cache; readonly store: RunStore; readonly remote: Remote },
): Promise<Run | undefined> {
  if (!mayBeCached(request)) return undefined;
  const identity = await remote.identity(target, { agentSocket: request.agentSocket, askedAt });
  const id = await cache.get(resultKey(store.events.epoch, request, identity));
  const stored = id === undefined ? undefined : store.get(id);
  const endedAt = stored?.endedAt ?? null;
  const isOld = endedAt === null || Date.now() - Date.parse(endedAt) > request.cacheTtlMs;
  return stored?.damaged !== undefined || isOld ? undefined : stored;
}
