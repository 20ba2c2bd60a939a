import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { Problem } from "../protocol/problem.ts";
import { formatBytes } from "../protocol/size.ts";
import { errorCode } from "../state-directory/error-code.ts";

/**
 * Reads a text file named by the user, which may be anything. Rejects with a Problem if it is not a regular file, or
 * too long.
 */
export async function readRegularFile(path: string, maxBytes: number): Promise<string> {
  try {
    // Does not block on the other end of a FIFO or on a device.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!(await file.stat()).isFile()) throw new Problem("invalid_request", `${path} is not a regular file.`);
    return await takeText(file.createReadStream({ autoClose: false }), path, maxBytes);
  } catch (failure) {
    if (failure instanceof Problem) throw failure;
    const code = errorCode(failure) ?? "failed";
    if (code === "ENOENT") throw new Problem("not_found", `No such file: ${path}.`);
    throw new Problem("invalid_request", `${path} could not be read (${code}).`);
  }
}

/** Reads a whole stream; `name` is what the user calls it. */
export async function takeText(
  stream: AsyncIterable<Buffer>,
  name: string,
  maxBytes: number,
): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxBytes) throw new Problem("too_large", `${name} is larger than ${formatBytes(maxBytes)}.`);
  }
  return Buffer.concat(chunks).toString();
}
