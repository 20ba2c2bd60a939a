// Runs within a daemon under test (see live-memory.ts): at SIGUSR2 it collects what nothing holds any more and code that can be
// compiled again, gives what is free back to the system, and says what is left.
import { setTimeout as delay } from "node:timers/promises";
import { renameSync, writeFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";

if (process.env["TEST_WITHOUT_MACHINE_CODE"] !== undefined) {
  for (const flag of ["--no-sparkplug", "--no-maglev", "--no-turbofan"]) setFlagsFromString(flag);
}

async function report(path: string): Promise<void> {
  // Buffers go a moment after what held them, and timers hold some for longer.
  for (let [least, still] = [Infinity, 0]; still < 10; still += 1) {
    globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
    await delay(100);
    const { heapUsed, external } = process.memoryUsage();
    if (heapUsed + external < least - 65_536) [least, still] = [heapUsed + external, 0];
  }
  const trim = { exports: {} };
  process.dlopen(trim, process.env["TEST_TRIM_MEMORY"] ?? "");
  writeFileSync(`${path}.new`, JSON.stringify({ ...process.memoryUsage(), ...trim.exports }));
  renameSync(`${path}.new`, path);
}

process.on("SIGUSR2", () => void report(process.env["TEST_MEMORY_REPORT"] ?? ""));
