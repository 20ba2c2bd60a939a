import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { expect, test } from "vitest";
import { createLogFile } from "../../../../daemon/core/log-file.ts";
import { openDirectory } from "../../../support/directory.ts";

const line = (letter: string): string => `${letter.repeat(39)}\n`;

test("a full log is begun anew, the one before is kept, and both are 0600", async () => {
  await using directory = await openDirectory();
  const path = directory.join("daemon.log");
  const write = createLogFile(path, 100);
  for (const letter of "abcdef") write(line(letter));
  expect(readFileSync(path, "utf8")).toBe(line("e") + line("f"));
  expect(readFileSync(`${path}.1`, "utf8")).toBe(line("c") + line("d"));
  for (const file of [path, `${path}.1`]) expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("what the process writes to its standard error stands in the log however often that was full", async () => {
  await using directory = await openDirectory();
  const path = directory.join("daemon.log");
  // As the launcher opens it for the daemon.
  const stderr = openSync(path, "a", 0o600);
  const write = createLogFile(path, 100);
  for (const letter of "abcdefg") write(line(letter));
  writeSync(stderr, "Aborted\n");
  closeSync(stderr);
  expect(readFileSync(path, "utf8")).toBe(`${line("g")}Aborted\n`);
});

test("what others write into the log counts, and so does what was there before", async () => {
  await using directory = await openDirectory();
  const path = directory.join("daemon.log");
  appendFileSync(path, line("a"), { mode: 0o600 });
  const write = createLogFile(path, 100);
  write(line("b"));
  appendFileSync(path, "Warning\n".repeat(5));
  write(line("c"));
  expect(readFileSync(path, "utf8")).toBe(line("c"));
  expect(readFileSync(`${path}.1`, "utf8")).toBe(line("a") + line("b") + "Warning\n".repeat(5));
});

test("a log that somebody removed is begun again", async () => {
  await using directory = await openDirectory();
  const path = directory.join("daemon.log");
  const write = createLogFile(path);
  write(line("a"));
  rmSync(path);
  write(line("b"));
  expect(readFileSync(path, "utf8")).toBe(line("b"));
});

test("it stays bounded where the one before cannot be kept", async () => {
  await using directory = await openDirectory();
  const path = directory.join("daemon.log");
  mkdirSync(`${path}.1`);
  const write = createLogFile(path, 100);
  for (const letter of "abcdefg") write(line(letter));
  expect(readFileSync(path, "utf8")).toBe(line("g"));
});

test("that can't be written to is no failure", () => {
  expect(() => createLogFile("/nowhere/at/all.log")("line\n")).not.toThrow();
});
