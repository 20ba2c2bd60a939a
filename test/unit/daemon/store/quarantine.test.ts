import { existsSync } from "node:fs";
import { open, readFile, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openDatabase } from "../../../../daemon/store/database.ts";
import { checkClosed, quarantineIfCorrupt } from "../../../../daemon/store/quarantine.ts";
import { createRunStore } from "../../../../daemon/store/runs.ts";
import { openDirectory } from "../../../support/directory.ts";
import { endedRun } from "../../../support/stored-run.ts";

const migrations = join(import.meta.dirname, "../../../../migrations");
const now = new Date("2026-01-02T03:04:05.006Z");

async function overwritePages(path: string): Promise<void> {
  const file = await open(path, "r+");
  for (const page of [3, 4, 5, 6, 7, 8]) await file.write(Buffer.alloc(4096, 0xa5), 0, 4096, page * 4096);
  await file.close();
}

test.each([
  ["overwritten pages", overwritePages],
  ["a truncated file", (path: string) => truncate(path, 5 * 4096)],
  ["garbage", (path: string) => writeFile(path, Buffer.alloc(20_000, "no database "))],
])("%s: put aside, and a new store begun", async (_, damage) => {
  await using directory = await openDirectory();
  const options = { path: directory.join("hostrun.db"), migrations, nativeBinding: undefined };
  {
    using database = openDatabase(options);
    const store = createRunStore(database);
    for (let number = 0; number < 200; number++)
      store.create(endedRun(`echo ${number}`, "web1"), [], undefined);
  }
  expect(quarantineIfCorrupt(options.path, undefined, now)).toBeUndefined();
  await damage(options.path);
  const damaged = await readFile(options.path);
  await writeFile(`${options.path}-wal`, "");
  const aside = quarantineIfCorrupt(options.path, undefined, now) ?? "";
  expect(aside).toBe(`${options.path}.damaged-2026-01-02T03-04-05.006Z`);
  expect((await readFile(aside)).equals(damaged)).toBe(true);
  expect(existsSync(`${options.path}-wal`)).toBe(false);
  using database = openDatabase(options);
  expect(createRunStore(database).countRuns()).toBe(0);
});

test.each([
  ["empty", (path: string) => truncate(path), ""],
  ["missing", (path: string) => rm(path), "-output"],
])("what is left where the database is %s is put aside", async (_, lose, found) => {
  await using directory = await openDirectory();
  const options = { path: directory.join("hostrun.db"), migrations, nativeBinding: undefined };
  openDatabase(options)[Symbol.dispose]();
  checkClosed(options.path, undefined);
  await lose(options.path);
  await writeFile(`${options.path}-wal`, "what SQLite would delete");
  await writeFile(join(`${options.path}-output`, "1"), "of an old run");
  const aside = `${options.path}.damaged-2026-01-02T03-04-05.006Z`;
  expect(quarantineIfCorrupt(options.path, undefined, now)).toBe(aside + found);
  expect(await readFile(`${aside}-wal`, "utf8")).toBe("what SQLite would delete");
  expect(await readFile(join(`${aside}-output`, "1"), "utf8")).toBe("of an old run");
  openDatabase(options)[Symbol.dispose]();
  expect(quarantineIfCorrupt(options.path, undefined, now)).toBeUndefined();
});

test("a store has bytes once it has a folder for output", async () => {
  await using directory = await openDirectory();
  using database = openDatabase({ path: directory.join("db"), migrations, nativeBinding: undefined });
  expect(existsSync(database.outputFolder)).toBe(true);
  expect((await stat(directory.join("db"))).size).toBeGreaterThan(0);
});

test("no file and an empty one are a store to be begun", async () => {
  await using directory = await openDirectory();
  const options = { path: directory.join("hostrun.db"), migrations, nativeBinding: undefined };
  expect(quarantineIfCorrupt(options.path, undefined, now)).toBeUndefined();
  await writeFile(options.path, "");
  expect(quarantineIfCorrupt(options.path, undefined, now)).toBeUndefined();
  using database = openDatabase(options);
  expect(createRunStore(database).countRuns()).toBe(0);
});

describe("a store that was checked when it was closed", () => {
  async function openChecked() {
    const directory = await openDirectory();
    const options = { path: directory.join("hostrun.db"), migrations, nativeBinding: undefined };
    {
      using database = openDatabase(options);
      createRunStore(database).create(endedRun("echo", "web1"), [], undefined);
    }
    checkClosed(options.path, undefined);
    return {
      ...options,
      checked: `${options.path}-checked`,
      [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
    };
  }

  /** As `checkClosed` would have it, had it found nothing. */
  async function passAsChecked(path: string): Promise<void> {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    await writeFile(`${path}-checked`, [dev, ino, size, mtimeNs, ctimeNs].join(" "));
  }

  test("is not checked again", async () => {
    await using store = await openChecked();
    await overwritePages(store.path);
    await passAsChecked(store.path);
    expect(quarantineIfCorrupt(store.path, undefined, now)).toBeUndefined();
  });

  test("is checked again where its file was written, or another took its place", async () => {
    await using store = await openChecked();
    const { atime, mtime } = await stat(store.path);
    await overwritePages(store.path);
    await utimes(store.path, atime, mtime);
    expect(quarantineIfCorrupt(store.path, undefined, now)).toMatch(/damaged/);
  });

  test("is checked again beside a write-ahead log", async () => {
    await using store = await openChecked();
    await overwritePages(store.path);
    await passAsChecked(store.path);
    await writeFile(`${store.path}-wal`, "");
    expect(quarantineIfCorrupt(store.path, undefined, now)).toMatch(/damaged/);
  });

  test("and was found damaged then does not pass for whole", async () => {
    await using store = await openChecked();
    await rm(store.checked);
    await overwritePages(store.path);
    checkClosed(store.path, undefined);
    expect(existsSync(store.checked)).toBe(false);
  });
});
