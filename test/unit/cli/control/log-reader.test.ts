import { appendFileSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { LogReader } from "../../../../cli/control/log-reader.ts";
import { createLogFile } from "../../../../daemon/core/log-file.ts";
import { openDirectory } from "../../../support/directory.ts";

/** A log as the daemon writes it, full at 100 bytes, and what a reader of it has shown. */
async function openLog() {
  const directory = await openDirectory();
  const path = directory.join("daemon.log");
  const lines: string[] = [];
  const show = (line: string): void => void lines.push(line);
  return { ...directory, path, lines, show, write: createLogFile(path, 100) };
}

test("the last lines are shown, one that is not finished only if asked for", async () => {
  await using log = await openLog();
  writeFileSync(log.path, "one\ntwo\nthr", { mode: 0o600 });
  using reader = new LogReader(log.path);
  reader.showEnd(2, { unfinished: true }, log.show);
  reader.showEnd(2, { unfinished: false }, log.show);
  expect(log.lines).toEqual(["two", "thr", "one", "two"]);
  appendFileSync(log.path, "ee\n");
  reader.showNew(log.show);
  expect(log.lines.slice(4)).toEqual(["three"]);
});

test("every line is shown once however often the log was full", async () => {
  await using log = await openLog();
  using reader = new LogReader(log.path);
  const written = Array.from({ length: 30 }, (_, index) => `line ${String(index).padStart(35, "0")}`);
  for (const [index, line] of written.entries()) {
    log.write(`${line}\n`);
    // Not after each: the log is full and begun anew between two looks.
    if (index % 2 === 0) reader.showNew(log.show);
  }
  reader.showNew(log.show);
  expect(log.lines).toEqual(written);
});

test("a line longer than what is read at once is shown whole", async () => {
  await using log = await openLog();
  const long = "x".repeat(200_000);
  using reader = new LogReader(log.path);
  writeFileSync(log.path, `${long}\nshort\n`, { mode: 0o600 });
  reader.showNew(log.show);
  expect(log.lines).toEqual([long, "short"]);
});

test("a log that was removed is followed where it is begun again, and one that is a link is not read", async () => {
  await using log = await openLog();
  log.write("before\n");
  using reader = new LogReader(log.path);
  reader.showNew(log.show);
  rmSync(log.path);
  reader.showNew(log.show);
  log.write("after\n");
  reader.showNew(log.show);
  expect(log.lines).toEqual(["before", "after"]);
  expect(readFileSync(log.path, "utf8")).toBe("after\n");
  rmSync(log.path);
  symlinkSync("/etc/passwd", log.path);
  expect(() => new LogReader(log.path)).toThrow("is a symbolic link");
});
