import type { Daemon } from "../client/daemon.ts";
import { visible } from "../protocol/visible.ts";

/** What became of a store that was found damaged at the daemon's start, as part of a sentence. */
export function damagedStoreText(path: string): string {
  return `the store was damaged and replaced by a new one; the old one is ${visible(path)}`;
}

/** Why there may be nothing: a sentence to stand behind another one, or nothing. */
export async function damagedStoreHint(daemon: Daemon): Promise<string> {
  const { damaged } = (await daemon.call("stats")).store;
  return damaged === null
    ? ""
    : ` At the daemon's start ${damagedStoreText(damaged)}. \`hostrun restore FILE\` brings a backup back.`;
}
