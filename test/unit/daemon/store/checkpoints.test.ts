import { once } from "node:events";
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import type { Log } from "../../../../daemon/core/log.ts";
import { silentLog } from "../../../../daemon/core/log.ts";
import { Checkpoints } from "../../../../daemon/store/checkpoints.ts";
import { openDatabase } from "../../../../daemon/store/database.ts";
import { openDirectory } from "../../../support/directory.ts";

const root = join(import.meta.dirname, "../../../..");
const rowBytes = 4000;

/** A store to which rows can be written, the thread for its checkpoints, and the sizes of its files. */
async function openStore(options: { readonly script?: string; readonly log?: Log } = {}) {
  const stack = new AsyncDisposableStack();
  const directory = stack.use(await openDirectory());
  const path = directory.join("hostrun.db");
  const migrations = join(root, "migrations");
  const { sql } = stack.use(openDatabase({ path, migrations, nativeBinding: undefined }));
  const { script = join(root, "daemon/checkpointer.ts"), log = silentLog } = options;
  stack.use(new Checkpoints({ sql, path, nativeBinding: undefined, script, log }));
  sql.exec("CREATE TABLE rows (content BLOB)");
  const insert = sql.prepare("INSERT INTO rows VALUES (zeroblob(?))");
  return {
    path,
    write: (count: number): void => {
      for (let row = 0; row < count; row += 1) insert.run(rowBytes);
    },
    sizeOf: async (suffix: "" | "-wal"): Promise<number> => (await stat(path + suffix)).size,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

test("what was committed comes into the store without a commit that waits for it", async () => {
  await using store = await openStore();
  store.write(400);
  expect(await store.sizeOf("")).toBeLessThan(400 * rowBytes);
  await expect.poll(() => store.sizeOf(""), { timeout: 20_000 }).toBeGreaterThan(400 * rowBytes);
});

test("few rows are left in the log", async () => {
  await using store = await openStore();
  store.write(200);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(await store.sizeOf("")).toBeLessThan(200 * rowBytes);
});

test("without its thread the log is bounded all the same, and it is told once", async () => {
  await using directory = await openDirectory();
  const script = directory.join("broken.mjs");
  await writeFile(script, 'throw new Error("broken on purpose");\n');
  const told: string[] = [];
  const log = { ...silentLog, warn: (message: string) => void told.push(message) };
  await using store = await openStore({ script, log });
  store.write(400);
  await expect
    .poll(() => told, { timeout: 20_000 })
    .toEqual(["Checkpoints are made within commits from now on"]);
  for (let part = 0; part < 60; part += 1) {
    store.write(400);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await store.sizeOf("-wal")).toBeLessThan(40 * 1024 * 1024);
  expect(told).toHaveLength(1);
});

test("its thread keeps nothing of a checkpoint", async () => {
  await using store = await openStore();
  const thread = new Worker(join(root, "daemon/checkpointer.ts"), {
    workerData: { path: store.path },
    resourceLimits: { maxYoungGenerationSizeMb: 1 },
  });
  /** What its heap has in use at least during some checkpoints; what comes between is garbage. */
  const used = async (checkpoints: number): Promise<number> => {
    const sizes: number[] = [];
    for (let done = 1; done <= checkpoints; done += 1) {
      const answer = once(thread, "message");
      thread.postMessage("checkpoint");
      await answer;
      if (done % 50 === 0) sizes.push((await thread.getHeapStatistics()).used_heap_size);
    }
    return Math.min(...sizes);
  };
  await used(1000);
  const before = await used(1000);
  await used(2000);
  expect((await used(1000)) - before).toBeLessThan(512 * 1024);
  await thread.terminate();
});
