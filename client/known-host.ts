import type { Daemon } from "./daemon.ts";

/** Whether there is a host of this name, or was one when a run went to it that is still kept. */
export async function isKnownHost(daemon: Pick<Daemon, "call">, name: string): Promise<boolean> {
  const { items: hosts } = await daemon.call("listHosts");
  if (hosts.some((host) => host.name === name)) return true;
  const { items: runs } = await daemon.call("listRuns", { query: { host: name, limit: "1" } });
  return runs.length > 0;
}
