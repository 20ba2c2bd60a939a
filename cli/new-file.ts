import { open, unlink, writeFile } from "node:fs/promises";
import { Problem } from "../protocol/problem.ts";
import { visible } from "../protocol/visible.ts";
import { errorCode } from "../state-directory/error-code.ts";
import { cannotWrite } from "../state-directory/file-problem.ts";
import { print } from "./console.ts";

/** Writes a new file, readable only by this user, and reports it. Rejects with a Problem, e.g. if it exists already. */
export async function writeNew(
  path: string,
  content: string | AsyncIterable<Buffer | string>,
): Promise<void> {
  let isMade = false;
  try {
    await using file = await open(path, "wx", 0o600);
    isMade = true;
    await writeFile(file, content);
  } catch (failure) {
    // A partial file would be in the way of the next attempt.
    if (isMade) await unlink(path).catch(() => undefined);
    // The source of the content may have failed.
    if (failure instanceof Problem) throw failure;
    if (errorCode(failure) === "EEXIST") {
      throw new Problem("conflict", `${path} is there already, and is not written over. Give another file.`);
    }
    throw cannotWrite(path, failure);
  }
  print(`Wrote ${visible(path)}.\n`);
}
