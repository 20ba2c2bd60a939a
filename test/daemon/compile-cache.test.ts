import {
  chmod,
  mkdir,
  readdir,
  readFile,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { type Cli, openCli } from "../support/cli.ts";

/** Where code is kept that runs the next time. */
const cacheOf = ({ stateDirectory }: Cli): string => join(stateDirectory, "compile-cache");

/** What is kept of one command, with its path. */
async function keptOf(cli: Cli, command: string): Promise<string[]> {
  const names = await readdir(cacheOf(cli)).catch(() => []);
  return names.filter((name) => name.startsWith(`${command}-`)).map((name) => join(cacheOf(cli), name));
}

/** One that needs no daemon. */
const command = ["completion", "bash"];

test("what was compiled of a command that has run is kept for this user alone", async () => {
  await using cli = await openCli();
  await mkdir(cli.stateDirectory, { mode: 0o700 });
  for (let run = 0; run < 2; run += 1) expect((await cli.run(command)).status).toBe(0);
  expect((await stat(cacheOf(cli))).mode & 0o777).toBe(0o700);
  const [kept = "", ...more] = await keptOf(cli, "completion");
  expect(more).toEqual([]);
  expect((await stat(kept)).mode & 0o777).toBe(0o600);
  // What help takes is not what the command takes.
  expect((await cli.run(["history", "--help"])).status).toBe(0);
  expect((await cli.run(["--version"])).status).toBe(0);
  expect(await keptOf(cli, "history")).toEqual([]);
});

test("what is damaged, or another's to write, is not taken but made anew", async () => {
  await using cli = await openCli();
  await mkdir(cli.stateDirectory, { mode: 0o700 });
  const listed = await cli.run(command);
  const [kept = ""] = await keptOf(cli, "completion");
  const whole = await readFile(kept);
  /** From the middle of the first of the two copies on. */
  const overwrite = (bytes: Buffer): Promise<void> => {
    const damaged = Buffer.from(whole);
    bytes.copy(damaged, Math.trunc(whole.length / 4));
    return writeFile(kept, damaged);
  };
  const damages = [
    () => truncate(kept, whole.length / 2),
    () => overwrite(Buffer.alloc(8192)),
    () => overwrite(randomBytes(200)),
    () => overwrite(Buffer.from([(whole[Math.trunc(whole.length / 4)] ?? 0) ^ 1])),
    () => writeFile(kept, "planted"),
    () => chmod(kept, 0o666),
  ];
  for (const damage of damages) {
    await damage();
    expect(await cli.run(command)).toEqual(listed);
    expect(await keptOf(cli, "completion")).toEqual([kept]);
    const { mode, size } = await stat(kept);
    expect({ mode: mode & 0o777, whole: size > whole.length / 2 }).toEqual({ mode: 0o600, whole: true });
  }
});

test("what was kept long ago is dropped when something is kept", async () => {
  await using cli = await openCli();
  await mkdir(cli.stateDirectory, { mode: 0o700 });
  const old = join(cacheOf(cli), "run-ofanotherbuild");
  await mkdir(cacheOf(cli), { mode: 0o700 });
  await writeFile(old, "", { mode: 0o600 });
  await utimes(old, 0, 0);
  await cli.run(command);
  expect(await keptOf(cli, "run")).toEqual([]);
  expect(await keptOf(cli, "completion")).toHaveLength(1);
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
  expect((await cli.run(command)).status).toBe(0);
  expect(await readdir(cacheOf(cli))).toEqual([]);
});

test("a link in its place is not followed", async () => {
  await using cli = await openCli();
  await mkdir(cli.stateDirectory, { mode: 0o700 });
  await symlink(cli.home, cacheOf(cli));
  expect((await cli.run(command)).status).toBe(0);
  expect(await readdir(cli.home)).toEqual([".ssh"]);
});

test("what was compiled of the daemon is kept once it has run something, and taken the next time", async () => {
  await using cli = await openCli();
  const nobody = ["run", "nobody@127.0.0.1:9", "true"];
  for (const [args, kept] of [
    [["hosts"], 0],
    [nobody, 1],
  ] as const) {
    expect((await cli.run(["start"])).status).toBe(0);
    await cli.run(args);
    expect((await cli.run(["stop"])).status).toBe(0);
    await expect.poll(() => keptOf(cli, "_daemon")).toHaveLength(kept);
  }
  const [kept = ""] = await keptOf(cli, "_daemon");
  const before = await stat(kept);
  expect(before.mode & 0o777).toBe(0o600);
  expect((await cli.run(["start"])).status).toBe(0);
  expect((await cli.run(nobody)).stderr.toString()).toContain("nothing is listening");
  expect((await cli.run(["stop"])).status).toBe(0);
  expect(await keptOf(cli, "_daemon")).toEqual([kept]);
  expect((await stat(kept)).mtimeMs).toBe(before.mtimeMs);
  // A disk that has lost a part of it keeps no daemon from its start, and it is made anew.
  const damaged = await readFile(kept);
  damaged.fill(0, before.size / 4, before.size / 4 + 8192);
  await writeFile(kept, damaged);
  expect((await cli.run(["start"])).status).toBe(0);
  expect((await cli.run(nobody)).stderr.toString()).toContain("nothing is listening");
  expect((await cli.run(["stop"])).status).toBe(0);
  await expect.poll(async () => (await readFile(kept)).equals(damaged)).toBe(false);
});
