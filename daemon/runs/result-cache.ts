import { createHash } from "node:crypto";
import type { Run, RunRequest } from "../../protocol/run.ts";
import { resultPrefix } from "../core/cache-keys.ts";
import type { Remote, Target } from "../transport/remote.ts";
import type { LiveRun } from "./record/live-run.ts";
import type { RunStore } from "./record/run-store.ts";

/** What the run engine needs of a cache. A miss is always a valid answer. */
export interface Cache {
  /** A value that is not usable is a miss. */
  get(key: string, isUsable?: (value: string) => boolean): Promise<string | undefined>;
  set(key: string, value: string, ttlMs: number): Promise<void>;
  delete(key: string): Promise<void>;
}

/**
 * A secret must not be part of a key that others may read, not even hashed, nor may its result be reused. Input written
 * while the command runs is part of no key. What root reads is only for those who may be root at that time.
 */
function mayBeCached({ secretEnv, stdinOpen, sudo }: RunRequest): boolean {
  return !stdinOpen && !sudo && Object.keys(secretEnv).length === 0;
}

/** The cache key, if the result may be cached, and the run whose result can be reused. */
interface CachedResult {
  readonly key?: string;
  readonly run?: Run | undefined;
}

/** A request with what its host adds to it: with other start files or variables, the result may differ. */
export interface CacheableRequest {
  readonly request: RunRequest;
  readonly loginShell: boolean;
  /** From the host's SSH configuration (SetEnv, SendEnv). */
  readonly hostEnvironment: Readonly<Record<string, string>>;
}

/** The cache key of a request made by `identity` (see `Remote.identity`). */
function resultKey(epoch: string, cacheable: CacheableRequest, identity: string): string {
  const { request, loginShell, hostEnvironment } = cacheable;
  const { command, useBash, cwd, stdin, pty, recordLimitBytes, cols, rows } = request;
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
    variables(hostEnvironment),
    stdin,
    pty && [cols, rows],
    recordLimitBytes,
  ];
  return `${resultPrefix}${epoch}:${createHash("sha256").update(JSON.stringify(what)).digest("base64url")}`;
}

/** Looks up an earlier run whose result can be reused for this request. */
export async function cachedResult(
  cacheable: CacheableRequest,
  { target, askedAt }: { readonly target: Target; readonly askedAt: number },
  { cache, store, remote }: { readonly cache: Cache; readonly store: RunStore; readonly remote: Remote },
): Promise<CachedResult> {
  const { request } = cacheable;
  const isRenewed = request.cache === "renew";
  if ((request.cacheTtlMs === 0 && !isRenewed) || !mayBeCached(request)) return {};
  const identity = await remote.identity(target, { agentSocket: request.agentSocket, askedAt });
  const key = resultKey(store.events.epoch, cacheable, identity);
  if (isRenewed) return { key };
  let run: Run | undefined;
  await cache.get(key, (id) => {
    run = reusable(store.get(id), request.cacheTtlMs);
    return run !== undefined;
  });
  return { key, run };
}

function reusable(stored: Run | undefined, ttlMs: number): Run | undefined {
  const endedAt = stored?.endedAt ?? null;
  const isOld = endedAt === null || Date.now() - Date.parse(endedAt) > ttlMs;
  return stored?.damaged !== undefined || isOld ? undefined : stored;
}

/** Whether the result of an ended run can be reused for requests with this cache key. */
export function isReusable(
  { run, identity }: Pick<LiveRun, "run" | "identity">,
  cacheable: CacheableRequest,
  { key, epoch }: { readonly key: string; readonly epoch: string },
): boolean {
  const isWhole = run.outcome === "exited" && run.exitCode === 0 && run.truncatedBytes === 0;
  // It may have logged in differently from what was expected.
  return isWhole && identity !== undefined && resultKey(epoch, cacheable, identity) === key;
}
