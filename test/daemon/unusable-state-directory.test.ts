import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtCli } from "../support/cli.ts";
import { type Directory, openDirectory } from "../support/directory.ts";
import { openUnixUser, type UnixUser } from "../support/unix-user.ts";

const run = promisify(execFile);

let directory: Directory;
let other: UnixUser;
beforeAll(async () => {
  directory = await openDirectory({ readable: true });
  other = await openUnixUser();
  await writeFile(directory.join("file"), "");
  await mount("read-only", "size=1m");
  await mkdir(directory.join("read-only/there"), { mode: 0o700 });
  await run("mount", ["-o", "remount,ro", directory.join("read-only")]);
  // Room for itself and nothing else.
  await mount("full", "size=1m,nr_inodes=1");
});
afterAll(async () => {
  for (const name of ["read-only", "full"]) await run("umount", ["-l", directory.join(name)]);
  await directory[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

async function mount(name: string, options: string): Promise<void> {
  await mkdir(directory.join(name));
  await run("mount", ["-t", "tmpfs", "-o", options, "hostrun-test", directory.join(name)]);
}

/** `hostrun` with a state directory, as the account that may do all or as the other one. */
async function failureOf(args: readonly string[], stateDirectory: string, as?: UnixUser): Promise<string> {
  const who = as === undefined ? {} : { uid: as.uid, gid: as.gid };
  const env = { PATH: process.env["PATH"], HOME: as?.home ?? directory.path, HOSTRUN_HOME: stateDirectory };
  const failure: unknown = await run(process.execPath, [builtCli, ...args], { ...who, env, cwd: "/" }).then(
    () => new Error("It succeeded"),
    (reason: unknown) => reason,
  );
  if (!(failure instanceof Error && "stderr" in failure)) throw failure;
  return String(failure.stderr);
}

test.each([
  ["below a file", "file/state", "is not a directory"],
  ["on a read-only disk", "read-only/state", "EROFS"],
  ["that is there, on a read-only disk", "read-only/there", "read-only"],
  ["on a disk that is full", "full/state", "ENOSPC"],
  ["with a name that is too long", "x".repeat(300), "ENAMETOOLONG"],
])("a state directory %s is a problem that says what to do, and no fault", async (_, name, told) => {
  const path = directory.join(name);
  for (const args of [["start"], ["hosts"], ["run", "-n", "web1", "--", "true"], ["daemon"]]) {
    const stderr = await failureOf(args, path);
    expect(stderr).toContain(told);
    expect(stderr).toContain(path);
    expect(stderr).toMatch(/HOSTRUN_HOME|make room/);
    expect(stderr).not.toMatch(/bug in Hostrun|\n\s+at /);
  }
});

test("nor is one where its user may not write", async () => {
  const path = directory.join("not-allowed");
  for (const args of [["start"], ["daemon"]]) {
    const stderr = await failureOf(args, path, other);
    expect(stderr).toMatch(`The state directory ${path} cannot be made (EACCES). Check the permissions`);
    expect(stderr).not.toContain("bug in Hostrun");
  }
});

test("the doctor finds that a state directory is on a read-only disk", async () => {
  const path = directory.join("read-only/there");
  const env = { PATH: process.env["PATH"], HOME: directory.path, HOSTRUN_HOME: path };
  const failure: unknown = await run(process.execPath, [builtCli, "doctor"], { env }).catch(
    (reason: unknown) => reason,
  );
  expect(failure).toHaveProperty("code", 1);
  const found = failure instanceof Error && "stdout" in failure ? String(failure.stdout) : "";
  expect(found).toContain(`stateDirectory: ${path} cannot be written (EROFS).`);
});
