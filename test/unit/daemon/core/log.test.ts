import { readFileSync, statSync } from "node:fs";
import { expect, test } from "vitest";
import { createLog, type LogLevel, rotatingFile } from "../../../../daemon/core/log.ts";
import { openDirectory } from "../../../support/directory.ts";

test("writes one line of JSON a message, of its level and above", () => {
  const lines: string[] = [];
  let level: LogLevel = "warn";
  const log = createLog(
    () => level,
    (line) => lines.push(line),
  );
  log.info("not told");
  log.error("told\nin one line", { run: "1", failure: new Error("why", { cause: new Error("deeper") }) });
  level = "debug";
  log.debug("now told");
  expect(lines).toHaveLength(2);
  expect(lines.every((line) => line.endsWith("\n") && line.trimEnd().split("\n").length === 1)).toBe(true);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    level: "error",
    message: "told\nin one line",
    run: "1",
    failure: { name: "Error", message: "why", cause: { message: "deeper" } },
  });
});

test("turns the file at its size, keeping the one before, both 0600", async () => {
  await using directory = await openDirectory();
  const path = directory.join("daemon.log");
  const sink = rotatingFile(path, 100);
  for (const letter of "abcdef") sink(`${letter.repeat(39)}\n`);
  expect(readFileSync(path, "utf8")).toMatch(/^e+\nf+\n$/);
  expect(readFileSync(`${path}.1`, "utf8")).toMatch(/^c+\nd+\n$/);
  for (const file of [path, `${path}.1`]) expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("that can't be written to is no failure", () => {
  expect(() => rotatingFile("/nowhere/at/all.log")("line\n")).not.toThrow();
});
