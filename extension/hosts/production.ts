import type { Host } from "../../protocol/host.ts";
import { machineFinder } from "../../protocol/machine.ts";

/**
 * Finds what makes a host a production host: its own mark, or that of another host on the same machine. Undefined if
 * it is not one.
 */
export type ProductionFinder = (host: Host) => Host | undefined;

export function productionFinder(hosts: readonly Host[]): ProductionFinder {
  const onMachine = machineFinder(hosts.filter(({ production }) => production));
  return (host) => (host.production ? host : onMachine(host));
}
