import { resolve } from "node:path";

/**
 * Resolves a relative path against this process's directory; the daemon runs elsewhere. On Windows it may not be a
 * path at all ("pageant").
 */
export function agentSocketOf(env: NodeJS.ProcessEnv): string | null {
  const socket = env["SSH_AUTH_SOCK"];
  if (socket === undefined || socket === "") return null;
  return process.platform === "win32" ? socket : resolve(socket);
}
