import { resolve } from "node:path";

/** A relative path is meant from here; the daemon runs elsewhere. On Windows it may be no path at all ("pageant"). */
export function agentSocketOf(env: NodeJS.ProcessEnv): string | null {
  const socket = env["SSH_AUTH_SOCK"];
  if (socket === undefined || socket === "") return null;
  return process.platform === "win32" ? socket : resolve(socket);
}
