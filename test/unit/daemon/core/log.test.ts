import { expect, test } from "vitest";
import * as z from "zod";
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

test("an error's words are one visible line of 200 characters, wherever they stand in it", () => {
  const lines: string[] = [];
  const log = createLog(
    () => "debug",
    (line) => lines.push(line),
  );
  const words = `bye\u202e\u009b2J\nhostrun: forged\n    at ${"x".repeat(20_000)}`;
  const failure = new Error(words);
  failure.cause = new Error(words, { cause: failure });
  log.debug("A server said something", { failure, why: words, run: { words: "\u202e" } });
  const [line = ""] = lines;
  expect(line.slice(0, -1)).toMatch(/^[ -~…]+$/);
  const Told = z.object({ message: z.string(), stack: z.string() });
  const Line = z.object({ failure: Told.extend({ cause: Told }), why: z.string() });
  const { failure: told, why } = Line.parse(JSON.parse(line));
  for (const { message, stack } of [told, told.cause]) {
    expect(message).toMatch(/^bye\\u\{202e\}\\x9b2J\\nhostrun: forged\\n {4}at x+…$/);
    expect(message.length).toBe(200);
    expect(stack).toContain("log.test.ts");
  }
  expect(why).toMatch(/^bye\\u\{202e\}.*…$/);
  expect(why.length).toBe(1000);
  expect(line.length).toBeLessThan(20_000);
});

test("a field whose name nobody has allowed is left out, with what it holds", () => {
  const lines: string[] = [];
  const log = createLog(
    () => "info",
    (line) => lines.push(line),
  );
  const fields = { run: "1", password: "hunter2", env: { TOKEN: "hunter2" } };
  log.info("A run", fields);
  const [line = ""] = lines;
  expect(line).toMatch(/^\{"at":"[^"]+","level":"info","message":"A run","run":"1"\}\n$/);
});
