import { mkdir, symlink, writeFile } from "node:fs/promises";
import { relative } from "node:path";
import { afterAll, expect, test } from "vitest";
import { wayOnOwnDisk } from "../../../../daemon/core/own-disk.ts";
import { openDirectory } from "../../../support/directory.ts";

const stack = new AsyncDisposableStack();
const directory = stack.use(await openDirectory());
afterAll(() => stack.disposeAsync());

async function isOnOwnDisk(path: string): Promise<boolean> {
  return (await wayOnOwnDisk(path)) !== undefined;
}

await writeFile(directory.join("file"), "");
await mkdir(directory.join("folder"));
await symlink("../file", directory.join("folder/link"));
await symlink("/proc", directory.join("processes"));
await symlink("processes", directory.join("further"));
await symlink("circle", directory.join("circle"));
// There and back: who looks at it passes /proc.
await symlink(`/proc/self/root${directory.path}/file`, directory.join("back"));

test.each<[string, boolean]>([
  ["file", true],
  ["folder", true],
  ["folder/link", true],
  ["folder/../file", true],
  ["missing", true],
  ["missing/below", true],
  ["file/below", true],
])("what is on a disk of this machine: %s", async (name, expected) => {
  expect(await isOnOwnDisk(directory.join(name))).toBe(expected);
});

test.each(["processes", "processes/version", "further/missing", "back"])(
  "a link to another file system is on none: %s",
  async (name) => {
    expect(await isOnOwnDisk(directory.join(name))).toBe(false);
  },
);

test("what cannot be known is not on one", async () => {
  expect(await isOnOwnDisk(directory.join("circle"))).toBe(false);
  expect(await isOnOwnDisk("a\0b")).toBe(false);
  expect(await isOnOwnDisk(relative(process.cwd(), directory.path))).toBe(false);
});

test("the way is told step by step, to where nothing is", async () => {
  const way = await wayOnOwnDisk(directory.join("folder/link"));
  const base = directory.path;
  expect(way?.steps.slice(-5)).toMatchObject([
    { path: base, target: undefined },
    { path: `${base}/folder`, target: undefined },
    { path: `${base}/folder/link`, target: "../file" },
    { path: base, target: undefined },
    { path: `${base}/file`, target: undefined },
  ]);
  expect(await wayOnOwnDisk(directory.join("folder/none/below"))).toMatchObject({
    missing: `${base}/folder/none`,
  });
});
