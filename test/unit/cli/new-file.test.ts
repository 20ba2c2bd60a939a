import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { writeNew } from "../../../cli/new-file.ts";
import { openDirectory } from "../../support/directory.ts";

test("a file that could not be written whole is not in the way of the next try", async () => {
  await using directory = await openDirectory();
  const path = directory.join("runs.txt");
  const full = Object.assign(new Error("no space left"), { code: "ENOSPC" });
  async function* failing(): AsyncGenerator<string> {
    yield await Promise.resolve("begun");
    throw full;
  }
  await expect(writeNew(path, failing())).rejects.toThrow("could not be written (ENOSPC)");
  expect(existsSync(path)).toBe(false);
  await writeNew(path, "whole");
  await expect(writeNew(path, failing())).rejects.toThrow("is there already");
  expect(existsSync(path)).toBe(true);
});
