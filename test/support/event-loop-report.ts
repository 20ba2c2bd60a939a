// Runs within a daemon under test (see event-loop.ts): notes for how long the event loop was busy at a stretch, and
// at SIGWINCH says the longest time since it was asked before.
import { renameSync, writeFileSync } from "node:fs";

/** Of this thread, in milliseconds: on a busy machine it stands still where the clock runs on. */
function cpuTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

let last = cpuTime();
let longest = 0;
function note(): void {
  const now = cpuTime();
  longest = Math.max(longest, now - last);
  last = now;
}
setInterval(note, 1).unref();

process.on("SIGWINCH", () => {
  const path = process.env["TEST_EVENT_LOOP_REPORT"] ?? "";
  note();
  writeFileSync(`${path}.new`, JSON.stringify(longest));
  renameSync(`${path}.new`, path);
  longest = 0;
  last = cpuTime();
});
