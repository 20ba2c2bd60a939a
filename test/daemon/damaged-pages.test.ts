import { randomBytes } from "node:crypto";
import { mkdir, open, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { expect, test } from "vitest";
import { openCli } from "../support/cli.ts";
import { openTestDaemon } from "../support/daemon.ts";
import { matching } from "../support/matching.ts";

/** Damages where a table begins, as a disk does, under a daemon that has read nothing of it since its start. */
async function damageTable(stateDirectory: string, table: string): Promise<void> {
  const path = join(stateDirectory, "hostrun.db");
  const sql = new Sqlite(path);
  sql.pragma("wal_checkpoint(TRUNCATE)");
  const page = sql
    .prepare<[string], number>("SELECT rootpage FROM sqlite_schema WHERE name = ?")
    .pluck()
    .get(table);
  const size = Number(sql.pragma("page_size", { simple: true }));
  sql.close();
  const file = await open(path, "r+");
  await file.write(randomBytes(size), 0, size, (Number(page) - 1) * size);
  await file.close();
}

/** Damages everything but the first page. */
async function damagePages(stateDirectory: string): Promise<void> {
  const path = join(stateDirectory, "hostrun.db");
  const sql = new Sqlite(path);
  sql.pragma("wal_checkpoint(TRUNCATE)");
  const page = Number(sql.pragma("page_size", { simple: true }));
  sql.close();
  const file = await open(path, "r+");
  const { size } = await file.stat();
  await file.write(randomBytes(size - page), 0, size - page, page);
  await file.close();
}

test.each([
  ["runs", "listRuns"],
  ["jobs", "listJobs"],
] as const)("a damaged table of %s is told as that, with what to do", async (table, endpoint) => {
  await using daemon = await openTestDaemon();
  await damageTable(daemon.stateDirectory, table);
  await expect(daemon.client.call(endpoint)).rejects.toMatchObject({
    code: "storage_full",
    message: matching(/^Hostrun's history is damaged\. Restart Hostrun/),
    members: { reason: "damaged" },
  });
});

test("what does not need a damaged store is shown all the same, and the doctor says what to do", async () => {
  await using cli = await openCli();
  await cli.run(["start"]);
  await damagePages(cli.stateDirectory);
  const damaged = "Hostrun's history is damaged. Restart Hostrun (`hostrun restart`)";
  for (const args of [["status"], ["top", "--once"]]) {
    const { status, stdout, stderr } = await cli.run(args);
    expect([status, stderr.toString()]).toEqual([0, ""]);
    for (const text of ["0 running, 0 connecting, 0 queued", damaged])
      expect(stdout.toString()).toContain(text);
  }
  const { status, stdout } = await cli.run(["doctor"]);
  expect(status).toBe(1);
  expect(stdout.toString()).toMatch(
    /^failed {3}database: It is damaged: .*\n {9}`hostrun restart` moves it aside/m,
  );
  expect(stdout.toString()).toMatch(/^skipped {2}history: The store cannot be read\.$/m);
  for (const name of ["daemon", "redis", "nativeCrypto", "worker"])
    expect(stdout.toString()).toMatch(new RegExp(`^ok {7}${name}: `, "m"));
});

test.each([
  ["removed", (path: string) => rm(path)],
  ["emptied", (path: string) => truncate(path)],
])("a store that is %s under a daemon is not told to be whole", async (_, lose) => {
  await using cli = await openCli();
  await cli.run(["start"]);
  await lose(join(cli.stateDirectory, "hostrun.db"));
  const { status, stdout } = await cli.run(["doctor"]);
  expect([status, stdout.toString()]).toEqual([
    1,
    matching(/^failed {3}database: It is damaged: .*hostrun\.db is missing or empty$/m),
  ]);
});

test("a store that is missing at the start is told of like a damaged one", async () => {
  await using cli = await openCli();
  await cli.run(["start"]);
  await cli.run(["stop"]);
  await rm(join(cli.stateDirectory, "hostrun.db"));
  await cli.run(["start"]);
  for (const [command, told] of [
    [
      "status",
      /^Damaged +the store was damaged or missing, and replaced by a new one; what was left of it is \//m,
    ],
    [
      "doctor",
      /^warning {2}database: A new one .* the old one was damaged or missing\. What was left of it is \//m,
    ],
    ["logs", /The store was damaged or missing\. What was left of it was moved aside/],
  ] as const) {
    expect((await cli.run([command])).stdout.toString()).toMatch(told);
  }
});

test("an empty list says that a damaged store was replaced", async () => {
  await using cli = await openCli();
  await mkdir(cli.stateDirectory, { mode: 0o700 });
  await writeFile(join(cli.stateDirectory, "hostrun.db"), randomBytes(8192), { mode: 0o600 });
  for (const command of ["history", "hosts"]) {
    const { stderr } = await cli.run([command]);
    expect(stderr.toString()).toMatch(
      /^hostrun: No (runs|hosts) yet.*\. At the daemon's start the store was damaged or missing, and replaced by a new one; what was left of it is \/.*\. `hostrun restore FILE` brings a backup back\.$/m,
    );
  }
});
