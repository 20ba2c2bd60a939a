import { execFile } from "node:child_process";
import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import * as z from "zod";
import { DoctorCheck } from "../../protocol/doctor.ts";
import { openTestDaemon } from "../support/daemon.ts";
import { openDirectory } from "../support/directory.ts";
import { openUnixUser } from "../support/unix-user.ts";

const run = promisify(execFile);

/** What another account tries with a place (`$1`) in a state directory (`$2`); each prints what it got hold of. */
const attempts: Readonly<Record<string, string>> = {
  list: 'ls -A "$2"',
  read: 'cat "$1"',
  write: 'echo planted > "$1"',
  append: 'echo planted >> "$1"',
  remove: 'rm -f "$1"; [ ! -e "$1" ] || exit 1',
  replace: 'mkfifo "$1.new"; mv -f "$1.new" "$1"',
  rename: 'mv "$1" "$1.old"',
  link: 'ln -s /etc/passwd "$1.link"',
  "make a hard link to": 'ln "$1" "/tmp/hostrun-hard-link-$$"',
  "open to all": 'chmod 666 "$1"',
  "put a directory at": 'mkdir "$1.d"',
  "exchange the directory of": 'mv "$2" "$2.old" && mkdir "$2"',
  "connect to": 'curl -sS --max-time 20 --unix-socket "$1" http://hostrun/api/health',
};

test("the doctor says of a state directory of another account whose it is, and nothing in the system's words", async () => {
  await using other = await openUnixUser();
  await using directory = await openDirectory({ readable: true });
  const stateDirectory = directory.join("state");
  await using _ = await openTestDaemon({ stateDirectory, home: directory.join("home") });
  const url = (path: string): string => JSON.stringify(new URL(`../../client/${path}`, import.meta.url).href);
  // The account may not be able to read this file: all is loaded before it is the process'.
  const script = `
    const { examine } = await import(${url("doctor.ts")});
    const { placesIn } = await import(${url("places.ts")});
    process.setgroups([]);
    process.setgid(${other.gid});
    process.setuid(${other.uid});
    const found = await examine({
      places: placesIn(${JSON.stringify(stateDirectory)}),
      version: "0.1.0",
      environment: { PATH: process.env.PATH, HOME: "/nowhere" },
      nodeVersion: process.versions.node,
      daemonScript: "/nowhere/daemon.cjs",
    });
    console.log(JSON.stringify(found));
  `;
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script], { cwd: "/" });
  const checks = z.array(DoctorCheck).parse(JSON.parse(stdout));
  const found = checks.find(({ name }) => name === "stateDirectory");
  expect(found?.state).toBe("failed");
  expect(found?.message).toContain(stateDirectory);
  expect(found?.fix).toMatch(/\S/);
  expect(checks.find(({ name }) => name === "clock")?.state).toBe("skipped");
  expect(stdout).not.toMatch(/EACCES|EPERM|lstat/);
});

test("another account can neither reach the daemon nor touch what is its own", async () => {
  await using other = await openUnixUser();
  await using directory = await openDirectory({ readable: true });
  const stateDirectory = directory.join("state");
  await using daemon = await openTestDaemon({ stateDirectory, home: directory.join("home") });
  const { uid, gid } = other;
  const asOther = (script: string, path: string): Promise<{ stdout: string }> =>
    run("/bin/sh", ["-euc", script, "sh", path, stateDirectory], { uid, gid, cwd: "/", encoding: "utf8" });
  const looks = async (): Promise<unknown> => {
    const names = (await readdir(stateDirectory)).sort();
    return Promise.all(
      names.map(async (name) => {
        const { ino, mode, uid: owner, nlink } = await lstat(join(stateDirectory, name));
        return { name, ino, mode, owner, nlink };
      }),
    );
  };
  const before = await looks();
  const token = await readFile(join(stateDirectory, "token"), "utf8");
  // The account can do all of this where it may.
  expect((await asOther('cat "$1"', "/etc/hostname")).stdout).not.toBe("");

  for (const name of ["daemon.sock", "daemon.json", "token", "hostrun.db", "daemon.log", "planted"]) {
    for (const [what, script] of Object.entries(attempts)) {
      const done = await asOther(script, join(stateDirectory, name)).then(
        ({ stdout }) => `done: ${stdout}`,
        (failure: unknown) => String(failure),
      );
      // What cannot be seen was not there to be removed.
      if (what === "remove") continue;
      expect(done, `${what} ${name}`).toMatch(/[Pp]ermission denied|not permitted|Could(?:n't| not) connect/);
      expect(done).not.toContain(token);
    }
  }
  expect(await looks()).toEqual(before);
  expect((await daemon.client.call("health")).pid).toBe(daemon.pid);
});
