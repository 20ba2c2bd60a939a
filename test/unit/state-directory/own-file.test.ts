import { execFileSync } from "node:child_process";
import { chmod, link, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { constants } from "node:fs";
import { expect, test } from "vitest";
import { checkOwn, openOwnFile, readOwnFile } from "../../../state-directory/own-file.ts";
import { openDirectory } from "../../support/directory.ts";

const { O_APPEND, O_CREAT, O_RDONLY, O_RDWR } = constants;

/** What can stand where a file is expected; `target` is what must not be touched. */
const planted: Readonly<Record<string, (path: string, target: string) => Promise<void> | void>> = {
  "a symbolic link": (path, target) => symlink(target, path),
  "a symbolic link to nothing": (path) => symlink("/nowhere", path),
  "a hard link": (path, target) => link(target, path),
  "a FIFO": (path) => void execFileSync("mkfifo", [path]),
  "a directory": (path) => mkdir(path),
  "open to others' writing": async (path) => {
    await writeFile(path, "planted");
    await chmod(path, 0o666);
  },
};

test.each(Object.entries(planted))(
  "a file that is %s is not opened, to read or to append",
  async (_, plant) => {
    await using directory = await openDirectory();
    const path = directory.join("file");
    await writeFile(directory.join("target"), "precious", { mode: 0o600 });
    await plant(path, directory.join("target"));
    for (const flags of [O_RDONLY, O_RDWR | O_APPEND | O_CREAT]) {
      expect(() => openOwnFile(path, flags)).toThrow(expect.objectContaining({ code: "forbidden" }));
    }
    expect(() => readOwnFile(path)).toThrow(path);
    expect(await readFile(directory.join("target"), "utf8")).toBe("precious");
  },
);

test("what is wrong is told, and what to do", async () => {
  await using directory = await openDirectory();
  const path = directory.join("file");
  await writeFile(path, "");
  await chmod(path, 0o622);
  expect(() => readOwnFile(path)).toThrow(
    `${path} can be written to by other users, so Hostrun does not trust it. ` +
      `See what is in it, then close it with \`chmod 600 ${path}\`, then try again.`,
  );
});

test("a file of the user's own is read, made where it is not there, and one that is missing reads as undefined", async () => {
  await using directory = await openDirectory();
  const path = directory.join("file");
  expect(readOwnFile(path)).toBeUndefined();
  await writeFile(path, "é\n");
  expect(readOwnFile(path)).toBe("é\n");
  expect(() => readOwnFile(path, 2)).toThrow("larger than 2 bytes");
});

test("output that runs share may have several names, and a socket is none of the files", async () => {
  await using directory = await openDirectory();
  await writeFile(directory.join("one"), "");
  await link(directory.join("one"), directory.join("two"));
  expect(() => checkOwn(directory.join("one"), "file", { linked: true })).not.toThrow();
  expect(() => checkOwn(directory.join("one"), "socket")).toThrow("is a file and not a socket");
});
