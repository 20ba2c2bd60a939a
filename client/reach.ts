import { type Found, lookForAny, requireProtocol } from "./discover.ts";
import type { HandoverOptions } from "./handover.ts";
import { isOlder } from "./is-older.ts";
import type { LaunchOptions } from "./launch.ts";

/** Limits replacements: an older program may start an older daemon again. */
const maxHandovers = 5;

/**
 * The modules that start and replace a daemon are loaded only when needed, since a command line must start fast. The
 * next daemon listens on the same address as the one before.
 */
export async function reach(
  {
    handover,
    daemonArguments = [],
    ...options
  }: LaunchOptions & { readonly handover?: HandoverOptions | undefined },
  signal: AbortSignal | undefined,
): Promise<Found> {
  const { places } = options;
  let wanted = daemonArguments;
  for (let handovers = 0; ; handovers += 1) {
    const there = await lookForAny(places, signal);
    if (there === undefined) {
      const { launch } = await import("./launch.ts");
      const started = await launch({ ...options, daemonArguments: wanted }, signal);
      if (handover === undefined || !isOlder(started.health.version, handover.version)) return started;
      started.transport[Symbol.dispose]();
    } else if (
      handover === undefined ||
      handovers === maxHandovers ||
      !isOlder(there.health.version, handover.version)
    ) {
      requireProtocol(there, places);
      return there;
    } else {
      using transport = there.transport;
      const { checkStart } = await import("./check-start.ts");
      await checkStart({ ...options, daemonArguments: wanted });
      const { handOver } = await import("./handover.ts");
      await handOver({ ...there, transport }, handover, signal);
      const { url } = there.discovery;
      if (url !== null && !wanted.includes("--listen")) wanted = [...wanted, "--listen", new URL(url).host];
    }
  }
}
