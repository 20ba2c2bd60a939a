import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { systemClock } from "../../daemon/core/clock.ts";
import { silentLog } from "../../daemon/core/log.ts";
import { LiveRun } from "../../daemon/runs/live-run.ts";
import { openDatabase } from "../../daemon/store/database.ts";
import { createRunStore } from "../../daemon/store/runs.ts";
import { openDirectory } from "../support/directory.ts";
import { endedRun } from "../support/stored-run.ts";

const migrations = join(import.meta.dirname, "../../migrations");
const mebibyte = 1024 * 1024;

test("on a full disk no run begins, what runs goes on with its loss announced, and room mends it", async () => {
  await using directory = await openDirectory();
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "hostrun-test", directory.path]);
  using _ = { [Symbol.dispose]: () => void execFileSync("umount", ["-l", directory.path]) };
  using database = openDatabase({ path: directory.join("db"), migrations, nativeBinding: undefined });
  const store = createRunStore(database);
  const parts = { store, clock: systemClock, log: silentLog, onChange: () => undefined };
  const begin = (): LiveRun => {
    const run = { ...endedRun("x", "web1"), state: "queued", outcome: null, endedAt: null } as const;
    return new LiveRun(run, { key: undefined }, 64 * mebibyte, parts);
  };
  const live = begin();
  live.output("stdout", Buffer.alloc(mebibyte, "a"));
  await turn();
  const ballast = directory.join("ballast");
  try {
    writeFileSync(ballast, Buffer.alloc(8 * mebibyte));
  } catch {
    // As much of it as there was room for is what is wanted.
  }
  live.output("stdout", Buffer.alloc(4 * mebibyte, "b"));
  await turn();
  expect(begin).toThrow(expect.objectContaining({ code: "storage_full" }));
  rmSync(ballast);
  live.output("stdout", Buffer.from("c"));
  await turn();
  live.end({ outcome: "exited", exitCode: 0 });

  const { run } = live;
  expect(run).toMatchObject({ outcome: "exited", stdoutBytes: 5 * mebibyte + 1 });
  expect(run.truncatedBytes).toBe(4 * mebibyte);
  const gaps = store
    .events(live.number, 0, 1e9)
    .filter(({ stream, body }) => stream === null && body.includes('"gap"'))
    .map(({ body }): unknown => JSON.parse(body.toString()));
  expect(gaps).toEqual([expect.objectContaining({ stream: "stdout", from: mebibyte, to: 5 * mebibyte })]);
  const { stdoutBytes, truncatedBytes, outcome } = run;
  expect(store.get(run.id)?.run).toMatchObject({ state: "ended", stdoutBytes, truncatedBytes, outcome });
  expect(begin).not.toThrow();
});
