import { chmod, mkdir, readdir, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Cli, openCli } from "../support/cli.ts";

/** Where code is kept that runs the next time. */
const cacheOf = ({ stateDirectory }: Cli): string => join(stateDirectory, "compile-cache");

test("what was compiled of the command line is kept for this user alone", async () => {
  await using cli = await openCli();
  await cli.run(["start"]);
  expect((await cli.run(["--version"])).status).toBe(0);
  expect((await stat(cacheOf(cli))).mode & 0o777).toBe(0o700);
  expect(await readdir(cacheOf(cli))).toHaveLength(1);
});

test("without a state directory nothing is made for it", async () => {
  await using cli = await openCli();
  expect((await cli.run(["--version"])).status).toBe(0);
  await expect(stat(cli.stateDirectory)).rejects.toMatchObject({ code: "ENOENT" });
});

test("a directory made beforehand, as mkdir makes it, becomes the state directory and is closed", async () => {
  await using cli = await openCli();
  await mkdir(cli.stateDirectory);
  await chmod(cli.stateDirectory, 0o755);
  expect((await cli.run(["start"])).status).toBe(0);
  expect((await stat(cli.stateDirectory)).mode & 0o777).toBe(0o700);
});

test("where others could have planted code none is taken or kept", async () => {
  await using cli = await openCli();
  await mkdir(cacheOf(cli), { recursive: true, mode: 0o700 });
  await chmod(cli.stateDirectory, 0o700);
  await chmod(cacheOf(cli), 0o777);
  expect((await cli.run(["--version"])).status).toBe(0);
  expect(await readdir(cacheOf(cli))).toEqual([]);
});

test("a link in its place is not followed", async () => {
  await using cli = await openCli();
  await mkdir(cli.stateDirectory, { mode: 0o700 });
  await symlink(cli.home, cacheOf(cli));
  expect((await cli.run(["--version"])).status).toBe(0);
  expect(await readdir(cli.home)).toEqual([".ssh"]);
});
