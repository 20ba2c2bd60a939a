import { randomBytes } from "node:crypto";
import { mkdir, open, writeFile } from "node:fs/promises";
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

test("an empty list says that a damaged store was replaced", async () => {
  await using cli = await openCli();
  await mkdir(cli.stateDirectory, { mode: 0o700 });
  await writeFile(join(cli.stateDirectory, "hostrun.db"), randomBytes(8192), { mode: 0o600 });
  for (const command of ["history", "hosts"]) {
    const { stderr } = await cli.run([command]);
    expect(stderr.toString()).toMatch(
      /^hostrun: No (runs|hosts) yet.*\. At the daemon's start the store was damaged and replaced by a new one; the old one is \/.*\. `hostrun restore FILE` brings a backup back\.$/m,
    );
  }
});
