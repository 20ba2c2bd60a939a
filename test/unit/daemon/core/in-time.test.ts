import { expect, test } from "vitest";
import { inTime } from "../../../../daemon/core/in-time.ts";

const never = new AbortController().signal;

test("gives what comes in time", async () => {
  expect(await inTime(never, Promise.resolve("here"), 60_000)).toBe("here");
  await expect(inTime(never, Promise.reject(new Error("no")), 60_000)).rejects.toThrow("no");
});

test("gives up after the time, or when it is told to", async () => {
  const work = new Promise<string>(() => undefined);
  expect(await inTime(never, work, 5)).toBeUndefined();
  expect(await inTime(AbortSignal.timeout(5), work, 60_000)).toBeUndefined();
  expect(await inTime(AbortSignal.abort(), work)).toBeUndefined();
});
