import { writeFile } from "node:fs/promises";
import { openDirectory } from "./directory.ts";

/** A command that waits until the gate is opened. */
export async function openGate() {
  const directory = await openDirectory({ readable: true });
  const path = directory.join("open");
  return {
    wait: `until [ -e ${path} ]; do sleep 0.05; done`,
    open: () => writeFile(path, ""),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}
