import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { expect, test } from "vitest";
import { draftOf, removeDrafts, writeFileAtomically } from "../../../state-directory/atomic-file.ts";
import { openDirectory } from "../../support/directory.ts";

test("a file is replaced as a whole, 0600, and nothing is left beside it", async () => {
  await using directory = await openDirectory();
  const path = directory.join("config.json");
  for (const text of ["one", "é".repeat(100_000)]) {
    writeFileAtomically(path, text);
    expect(readFileSync(path, "utf8")).toBe(text);
  }
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(directory.path)).toEqual(["config.json"]);
});

test("no link is followed, neither in the place of the file nor of a draft", async () => {
  await using directory = await openDirectory();
  writeFileSync(directory.join("target"), "precious");
  for (const name of ["config.json.new", "known_hosts"]) symlinkSync("target", directory.join(name));
  writeFileAtomically(directory.join("config.json"), "new");
  expect(() => writeFileAtomically(directory.join("known_hosts"), "new")).toThrow("is a symbolic link");
  expect(readFileSync(directory.join("target"), "utf8")).toBe("precious");
});

test("a write that fails leaves the file as it was, and no draft", async () => {
  await using directory = await openDirectory();
  mkdirSync(directory.join("file"));
  expect(() => writeFileAtomically(directory.join("none/config.json"), "new")).toThrow("ENOENT");
  expect(() => writeFileAtomically(directory.join("file"), "new")).toThrow("is a directory");
  expect(readdirSync(directory.path)).toEqual(["file"]);
});

test("drafts that a killed daemon left are removed, and nothing else", async () => {
  await using directory = await openDirectory();
  const draft = draftOf(directory.join("config.json"));
  for (const path of [draft, directory.join("config.json"), directory.join("own.new")])
    writeFileSync(path, "");
  removeDrafts(directory.path);
  expect(existsSync(draft)).toBe(false);
  expect(readdirSync(directory.path).sort()).toEqual(["config.json", "own.new"]);
});
