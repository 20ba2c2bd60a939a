import { setTimeout as delay } from "node:timers/promises";
import type { TestDaemon } from "./daemon.ts";

/** Waits until the daemon's figures say whether it has Redis: nothing else tells when it has noticed. */
export async function untilConnected({ client }: Pick<TestDaemon, "client">, wanted: boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while ((await client.call("stats")).cache.connected !== wanted) {
    if (performance.now() > deadline) throw new Error(`connected is not ${wanted}`);
    await delay(20);
  }
}
