import { closeSync, constants, fstatSync, readSync } from "node:fs";
import { openOwnFile } from "../../state-directory/own-file.ts";

const chunkBytes = 256 * 1024;

/** A part of a file of the state directory, in chunks; `done` is called when it has been read or the reader has left. */
export function* bytesOf(
  path: string,
  { from, to }: { readonly from: number; readonly to: number },
  done: () => void,
): Generator<Buffer> {
  const file = openOwnFile(path, constants.O_RDONLY);
  try {
    const end = Math.min(to, fstatSync(file).size);
    for (let at = from; at < end; ) {
      const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, end - at));
      const read = readSync(file, chunk, 0, chunk.length, at);
      if (read === 0) return;
      at += read;
      yield chunk.subarray(0, read);
    }
  } finally {
    closeSync(file);
    done();
  }
}
