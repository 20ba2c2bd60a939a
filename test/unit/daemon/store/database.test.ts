import { copyFile, mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDatabase } from "../../../../daemon/store/database.ts";
import { openInstanceLock } from "../../../../daemon/store/instance-lock.ts";
import { openDirectory } from "../../../support/directory.ts";

const shipped = join(import.meta.dirname, "../../../../migrations");

test("the store has the pragmas of the contract", async () => {
  await using directory = await openDirectory();
  const options = { path: directory.join("hostrun.db"), migrations: shipped, nativeBinding: undefined };
  using database = openDatabase(options);
  const pragma = (name: string): unknown => database.sql.pragma(name, { simple: true });
  expect({
    journal_mode: pragma("journal_mode"),
    synchronous: pragma("synchronous"),
    busy_timeout: pragma("busy_timeout"),
    cache_size: pragma("cache_size"),
    temp_store: pragma("temp_store"),
    mmap_size: pragma("mmap_size"),
    foreign_keys: pragma("foreign_keys"),
    integrity_check: pragma("integrity_check"),
  }).toEqual({
    journal_mode: "wal",
    synchronous: 1,
    busy_timeout: 60_000,
    cache_size: -65_536,
    temp_store: 2,
    mmap_size: 268_435_456,
    foreign_keys: 1,
    integrity_check: "ok",
  });
  expect(database.journalMode()).toBe("wal");
  expect(database.sizeBytes()).toBeGreaterThan(0);
});

test("opened again it is the same store, with the same epoch", async () => {
  await using directory = await openDirectory();
  const options = { path: directory.join("hostrun.db"), migrations: shipped, nativeBinding: undefined };
  const epochs = [1, 2].map(() => {
    using database = openDatabase(options);
    return database.epoch;
  });
  expect(epochs[0]).toMatch(/^[0-9a-f]{8}$/);
  expect(epochs[0]).toBe(epochs[1]);
});

test("migrations are applied once, in order; a changed one and a newer store are refused", async () => {
  await using directory = await openDirectory();
  const migrations = directory.join("migrations");
  await mkdir(migrations);
  await copyFile(join(shipped, "0001-initial.sql"), join(migrations, "0001-initial.sql"));
  const options = { path: directory.join("hostrun.db"), migrations, nativeBinding: undefined };
  openDatabase(options)[Symbol.dispose]();

  await writeFile(join(migrations, "0002-second.sql"), "CREATE TABLE second (x TEXT) STRICT;");
  {
    using database = openDatabase(options);
    const rows = database.sql.prepare("SELECT name FROM migrations ORDER BY name").pluck().all();
    expect(rows).toEqual(["0001-initial.sql", "0002-second.sql"]);
    database.sql.exec("INSERT INTO second VALUES ('kept')");
  }

  await writeFile(join(migrations, "0002-second.sql"), "CREATE TABLE second (y TEXT) STRICT;");
  expect(() => openDatabase(options)).toThrow("0002-second.sql was changed");
  expect(() => openDatabase({ ...options, migrations: shipped })).toThrow(/newer Hostrun.*0002-second\.sql/);

  await writeFile(join(migrations, "0002-second.sql"), "CREATE TABLE second (x TEXT) STRICT;");
  await writeFile(
    join(migrations, "0003-broken.sql"),
    "CREATE TABLE third (x TEXT) STRICT; SELECT nonsense;",
  );
  expect(() => openDatabase(options)).toThrow();
  await writeFile(join(migrations, "0003-broken.sql"), "CREATE TABLE third (x TEXT) STRICT;");
  using database = openDatabase(options);
  expect(database.sql.prepare("SELECT x FROM second").pluck().get()).toBe("kept");
});

test("only one holds the instance lock", async () => {
  await using directory = await openDirectory();
  const path = directory.join("instance.lock");
  {
    using held = openInstanceLock(path, undefined);
    expect(held).toBeDefined();
    expect(() => openInstanceLock(path, undefined)).toThrow(expect.objectContaining({ code: "conflict" }));
  }
  openInstanceLock(path, undefined)[Symbol.dispose]();
});

test("before its tables are changed a copy is kept, the newest alone; a migration that fails changes nothing", async () => {
  await using directory = await openDirectory();
  const migrations = directory.join("migrations");
  await mkdir(migrations);
  await copyFile(join(shipped, "0001-initial.sql"), join(migrations, "0001-initial.sql"));
  const options = { path: directory.join("hostrun.db"), migrations, nativeBinding: undefined };
  openDatabase(options)[Symbol.dispose]();
  const copies = async () => (await readdir(directory.path)).filter((name) => name.includes(".before-"));
  expect(await copies()).toEqual([]);

  await writeFile(join(migrations, "0002-second.sql"), "CREATE TABLE second (x TEXT) STRICT;");
  openDatabase(options)[Symbol.dispose]();
  expect(await copies()).toEqual(["hostrun.db.before-0002-second"]);
  await writeFile(join(migrations, "0003-third.sql"), "CREATE TABLE third (x TEXT) STRICT;");
  await writeFile(join(migrations, "0004-broken.sql"), "DROP TABLE nowhere;");
  expect(() => openDatabase(options)).toThrow("nowhere");
  expect(await copies()).toEqual(["hostrun.db.before-0003-third"]);
  expect((await stat(directory.join("hostrun.db.before-0003-third"))).mode & 0o077).toBe(0);
  await rm(join(migrations, "0004-broken.sql"));
  await rm(join(migrations, "0003-third.sql"));
  for (const path of [options.path, directory.join("hostrun.db.before-0003-third")]) {
    using database = openDatabase({ ...options, path });
    const tables = database.sql
      .prepare("SELECT name FROM sqlite_schema WHERE name IN ('second', 'third')")
      .pluck();
    expect(tables.all()).toEqual(["second"]);
  }
});
