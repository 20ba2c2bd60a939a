import { setImmediate as nextTurn } from "node:timers/promises";
import { test } from "vitest";

// By test/support/no-warnings.ts, which every project sets up.
test.fails("a test fails whose own process warns", async () => {
  process.emitWarning("planted", "PlantedWarning");
  await nextTurn();
});
