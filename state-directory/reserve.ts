import { rmSync } from "node:fs";
import { join } from "node:path";
import { placeNames } from "../protocol/places.ts";

/**
 * Releases the space reserved for deletions, so that a daemon can start on a full disk: history can be deleted only
 * through the daemon, which reserves the space again before it accepts any run.
 */
export function giveUpReserve(stateDirectory: string): void {
  rmSync(join(stateDirectory, placeNames.reserve), { force: true });
}
