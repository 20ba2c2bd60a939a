import { rmSync } from "node:fs";
import { join } from "node:path";
import { placeNames } from "../protocol/places.ts";

/**
 * Gives up the room that is kept for deletions, so that a daemon can start on a full disk: history can be forgotten by its means
 * only. It takes that room again before it takes any run.
 */
export function giveUpReserve(stateDirectory: string): void {
  rmSync(join(stateDirectory, placeNames.reserve), { force: true });
}
