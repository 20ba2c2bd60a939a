import type { Daemon } from "../client/daemon.ts";
import { visible } from "../protocol/visible.ts";

/** What happened to a store that was found damaged at the daemon's start, as part of a sentence. */
export function damagedStoreText(path: string): string {
  return `the store was damaged or missing, and replaced by a new one; what was left of it is ${visible(path)}`;
}

/** Why a list may be empty: a sentence to append, or "". */
export async function damagedStoreHint(daemon: Daemon): Promise<string> {
  const { damaged } = (await daemon.call("stats")).store;
  return damaged === null
    ? ""
    : ` At the daemon's start ${damagedStoreText(damaged)}. \`hostrun restore FILE\` brings a backup back.`;
}
