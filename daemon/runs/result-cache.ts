import { createHash } from "node:crypto";
import type { RunRequest } from "../../protocol/run.ts";

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
  const { command, useBash, loginShell, cwd, env, stdin, pty, recordLimitBytes } = request;
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
    pty,
    recordLimitBytes,
  ];
  return `result:${epoch}:${createHash("sha256").update(JSON.stringify(what)).digest("base64url")}`;
}
