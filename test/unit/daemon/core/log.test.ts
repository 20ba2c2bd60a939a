import { expect, test } from "vitest";
import { createLog, type LogLevel } from "../../../../daemon/core/log.ts";

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
