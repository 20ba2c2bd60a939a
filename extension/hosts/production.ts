import type { Host } from "../../protocol/host.ts";
import { machineFinder } from "../../protocol/machine.ts";

/** What makes a host a production one: its own mark, or that of another host on the same machine. undefined: it is none. */
export type ProductionFinder = (host: Host) => Host | undefined;

export function productionFinder(hosts: readonly Host[]): ProductionFinder {
  const onMachine = machineFinder(hosts.filter(({ production }) => production));
  return (host) => (host.production ? host : onMachine(host));
}
