import type { Daemon } from "./daemon.ts";

/** Whether a host of this name exists, or existed for a run that is still in the history. */
export async function isKnownHost(daemon: Pick<Daemon, "call">, name: string): Promise<boolean> {
  const { items: hosts } = await daemon.call("listHosts");
  if (hosts.some((host) => host.name === name)) return true;
  const { items: runs } = await daemon.call("listRuns", { query: { host: name, limit: "1" } });
  return runs.length > 0;
}
