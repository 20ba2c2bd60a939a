import { expect, test } from "vitest";
import { openTestDaemon } from "../support/daemon.ts";
import { idleMemory } from "../support/live-memory.ts";

test("an idle daemon gives back what its start took, and is within its bound of memory", {
  timeout: 90_000,
}, async () => {
  await using daemon = await openTestDaemon();
  expect(await idleMemory(daemon.pid)).toBeLessThan(90 * 1024 * 1024);
});
