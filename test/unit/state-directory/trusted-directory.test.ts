import { chmod, mkdir, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { placeNames } from "../../../protocol/places.ts";
import { checkStateDirectory, makeStateDirectory } from "../../../state-directory/trusted-directory.ts";
import { openDirectory } from "../../support/directory.ts";

test("one that is missing is made for its user alone, with what is missing above it", async () => {
  await using directory = await openDirectory();
  expect(checkStateDirectory(directory.join("a/b"))).toBe(false);
  makeStateDirectory(directory.join("a/b"));
  expect(checkStateDirectory(directory.join("a/b"))).toBe(true);
  for (const name of ["a", "a/b"]) expect((await stat(directory.join(name))).mode & 0o777).toBe(0o700);
});

test("one that others can write to is refused with the way to close it", async () => {
  await using directory = await openDirectory();
  const path = directory.join("open");
  await mkdir(path);
  await chmod(path, 0o777);
  expect(() => makeStateDirectory(path)).toThrow(`\`chmod 700 ${path}\``);
  await chmod(path, 0o700);
  expect(checkStateDirectory(path)).toBe(true);
});

test("one that is shared, or used for other things and open to others, is refused, and the message does not say to close it", async () => {
  await using directory = await openDirectory();
  const path = directory.join("shared");
  await mkdir(path);
  for (const mode of [0o1777, 0o1700, 0o755, 0o777]) {
    await writeFile(`${path}/letter.txt`, "");
    await chmod(path, mode);
    expect(() => makeStateDirectory(path)).toThrow(
      /(?:is shared by all users|is used for other things).*HOSTRUN_HOME/,
    );
    expect(() => makeStateDirectory(path)).not.toThrow("chmod");
  }
  // One that has a store is ours, and one that others cannot look into is the user's own affair.
  await chmod(path, 0o700);
  expect(checkStateDirectory(path)).toBe(true);
  await writeFile(`${path}/hostrun.db`, "");
  await chmod(path, 0o755);
  expect(checkStateDirectory(path)).toBe(true);
});

test.each(Object.values(placeNames))(
  "one that others can look into is not taken for another's because of %s",
  async (name) => {
    await using directory = await openDirectory();
    const path = directory.join("looked-into");
    await mkdir(`${path}/${name}`, { recursive: true });
    await chmod(path, 0o755);
    expect(checkStateDirectory(path)).toBe(true);
  },
);

test("a directory above it that others can write to is refused before anything is made in it", async () => {
  await using directory = await openDirectory();
  const parent = directory.join("open");
  await mkdir(parent);
  await chmod(parent, 0o777);
  expect(() => makeStateDirectory(`${parent}/a/state`)).toThrow(`\`chmod go-w ${parent}\``);
  expect(await readdir(parent)).toEqual([]);
});

test("one below a directory that is open to all but sticky, as /tmp, is trusted", async () => {
  await using directory = await openDirectory();
  await mkdir(directory.join("tmp"));
  await chmod(directory.join("tmp"), 0o1777);
  makeStateDirectory(directory.join("tmp/state"));
  expect(checkStateDirectory(directory.join("tmp/state"))).toBe(true);
});

test("links on the way are followed to what must be closed as well", async () => {
  await using directory = await openDirectory();
  await mkdir(directory.join("real/open"), { recursive: true });
  await symlink("real/open/..", directory.join("link"));
  makeStateDirectory(directory.join("link/state"));
  expect(await readdir(directory.join("real"))).toContain("state");
  await chmod(directory.join("real"), 0o777);
  expect(() => checkStateDirectory(directory.join("link/state"))).toThrow(`${directory.join("real")}, which`);
});

test("a link to itself is refused", async () => {
  await using directory = await openDirectory();
  await symlink("loop", directory.join("loop"));
  expect(() => checkStateDirectory(directory.join("loop/state"))).toThrow("too many symbolic links");
});

test.each([
  ["below a file", (path: (name: string) => string) => path("file/state"), "not a directory"],
  ["with a path that is too long", (path: (name: string) => string) => path("x".repeat(300)), "ENAMETOOLONG"],
])("one %s is refused with what to do", async (_, place, told) => {
  await using directory = await openDirectory();
  await writeFile(directory.join("file"), "");
  const path = place((name) => directory.join(name));
  expect(() => makeStateDirectory(path)).toThrow(new RegExp(`${told}.*HOSTRUN_HOME`));
});
