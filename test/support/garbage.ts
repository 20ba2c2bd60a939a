import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Collects what nothing in this process holds any more, so that a WeakRef to it is empty. */
export async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  for (let round = 0; round < 4; round += 1) {
    // What was looked at in this turn is held until its end.
    await turn();
    if (typeof collect === "function") Reflect.apply(collect, undefined, []);
  }
}
