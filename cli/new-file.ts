import { writeFile } from "node:fs/promises";
import { Problem } from "../protocol/problem.ts";
import { visible } from "../protocol/visible.ts";
import { errorCode } from "../state-directory/error-code.ts";
import { print } from "./console.ts";

/** Writes a file that is not there yet, for this user alone, and says so. Rejects with a Problem. */
export async function writeNew(
  path: string,
  content: string | AsyncIterable<Buffer | string>,
): Promise<void> {
  try {
    await writeFile(path, content, { flag: "wx", mode: 0o600 });
  } catch (failure) {
    // The content may have failed.
    if (failure instanceof Problem) throw failure;
    if (errorCode(failure) === "EEXIST") {
      throw new Problem("conflict", `${path} is there already, and is not written over. Give another file.`);
    }
    throw new Problem("conflict", `${path} could not be written (${errorCode(failure) ?? "failed"}).`);
  }
  print(`Wrote ${visible(path)}.\n`);
}
