import { createHash } from "node:crypto";
import type { Run, RunRequest } from "../../protocol/run.ts";
import { resultPrefix } from "../core/cache-keys.ts";
import type { Remote, Target } from "../transport/remote.ts";
import type { LiveRun } from "./record/live-run.ts";
import type { RunStore } from "./record/run-store.ts";

/** What the run engine needs of the cache. A miss is always a right answer. */
export interface Cache {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string, ttlMs: number): Promise<void>;
  delete(key: string): Promise<void>;
}

/**
 * A secret must not be part of a key that others may read, not even hashed, nor may its result be another's. What is
 * written to a command while it runs is part of no key. What root reads is for who may be root now.
 */
function mayBeCached({ cacheTtlMs, secretEnv, stdinOpen, sudo }: RunRequest): boolean {
  return cacheTtlMs > 0 && !stdinOpen && !sudo && Object.keys(secretEnv).length === 0;
}

/** What a result is kept by, if it may be, and the run whose result stands for it. */
interface CachedResult {
  readonly key?: string;
  readonly run?: Run | undefined;
}

/** A request with what its host adds to it: a result for other start files or variables is another one. */
export interface CacheableRequest extends RunRequest {
  readonly loginShell: boolean;
  /** Of the host's SSH configuration (SetEnv, SendEnv). */
  readonly hostEnvironment: Readonly<Record<string, string>>;
}

/** The key of the result of a request that `identity` makes (see `Remote.identity`). */
function resultKey(epoch: string, request: CacheableRequest, identity: string): string {
  const { command, useBash, loginShell, cwd, stdin, pty, recordLimitBytes, cols, rows } = request;
  const variables = (of: Readonly<Record<string, string>>): string[] =>
    Object.entries(of)
      .map(([name, value]) => `${name}=${value}`)
      .sort();
  const what = [
    identity,
    command,
    useBash,
    loginShell,
    cwd,
    variables(request.env),
    variables(request.hostEnvironment),
    stdin,
    pty && [cols, rows],
    recordLimitBytes,
  ];
  return `${resultPrefix}${epoch}:${createHash("sha256").update(JSON.stringify(what)).digest("base64url")}`;
}

/** Looks whether the result of an earlier run stands for this request. */
export async function cachedResult(
  request: CacheableRequest,
  { target, askedAt }: { readonly target: Target; readonly askedAt: number },
  { cache, store, remote }: { readonly cache: Cache; readonly store: RunStore; readonly remote: Remote },
): Promise<CachedResult> {
  if (!mayBeCached(request)) return {};
  const identity = await remote.identity(target, { agentSocket: request.agentSocket, askedAt });
  const key = resultKey(store.events.epoch, request, identity);
  const id = await cache.get(key);
  const stored = id === undefined ? undefined : store.get(id);
  const endedAt = stored?.endedAt ?? null;
  const isOld = endedAt === null || Date.now() - Date.parse(endedAt) > request.cacheTtlMs;
  return { key, run: stored?.damaged !== undefined || isOld ? undefined : stored };
}

/** What the result of a run that has ended is kept by; undefined where it may not stand for another run. */
export function keptBy(
  { run, identity }: Pick<LiveRun, "run" | "identity">,
  request: CacheableRequest,
  epoch: string,
): string | undefined {
  const { outcome, exitCode, truncatedBytes } = run;
  const isWhole = outcome === "exited" && exitCode === 0 && truncatedBytes === 0;
  if (!isWhole || identity === undefined || !mayBeCached(request)) return undefined;
  return resultKey(epoch, request, identity);
}
