import { chmod, readFile, writeFile } from "node:fs/promises";
import { openDirectory } from "./directory.ts";

/** Counts on the host how often a command was executed. */
export interface Counter extends AsyncDisposable {
  /** A shell command that adds one; put it before the command under test, e.g. `${counter.command}; sleep 1`. */
  readonly command: string;
  count(): Promise<number>;
}

/** A file that every account may append to. */
export async function openCounter(): Promise<Counter> {
  const directory = await openDirectory();
  const path = directory.join("count");
  await writeFile(path, "");
  await chmod(path, 0o666);
  await chmod(directory.path, 0o711);
  return {
    command: `echo >> ${path}`,
    count: async () => (await readFile(path, "latin1")).length,
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}
