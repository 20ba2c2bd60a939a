import { mkdir, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { expect, test } from "vitest";
import { openPrivateDirectory } from "../../../../daemon/core/private-directory.ts";
import { openDirectory } from "../../../support/directory.ts";

const { uid } = userInfo();
const kind = { purpose: "", maxBytes: 77 };

test("it is private, has one name for a state directory, and is cleared", async () => {
  await using runtime = await openDirectory();
  const options = { stateDirectory: "/state", environment: { XDG_RUNTIME_DIR: runtime.path }, uid, ...kind };
  const { path } = openPrivateDirectory(options);
  expect([path.startsWith(`${runtime.path}/`), (await stat(path)).mode & 0o777]).toEqual([true, 0o700]);
  await writeFile(`${path}/c1`, "");
  using again = openPrivateDirectory(options);
  expect([again.path, await readdir(path)]).toEqual([path, []]);
  using other = openPrivateDirectory({ ...options, stateDirectory: "/other" });
  expect(other.path).not.toBe(path);
});

test.each(["open to others", "a link", "a file"])("one that is %s is not used", async (what) => {
  await using runtime = await openDirectory();
  await using elsewhere = await openDirectory();
  const stateDirectory = runtime.path;
  const options = { stateDirectory, environment: { XDG_RUNTIME_DIR: runtime.path }, uid, ...kind };
  const { path } = openPrivateDirectory(options);
  await rm(path, { recursive: true });
  if (what === "open to others") await mkdir(path, { mode: 0o755 });
  else if (what === "a link") await symlink(elsewhere.path, path);
  else await writeFile(path, "");
  await writeFile(elsewhere.join("precious"), "");
  using directory = openPrivateDirectory(options);
  expect(directory.path).toMatch(/^\/tmp\/hostrun-/);
  expect((await stat(directory.path)).mode & 0o777).toBe(0o700);
  expect(await readdir(elsewhere.path)).toEqual(["precious"]);
});

test("a place with a long path is passed over", async () => {
  await using runtime = await openDirectory();
  const long = runtime.join("x".repeat(90));
  await mkdir(long);
  using directory = openPrivateDirectory({
    stateDirectory: long,
    environment: { XDG_RUNTIME_DIR: long },
    uid,
    ...kind,
  });
  expect(directory.path).toMatch(/^\/tmp\/hostrun-/);
});
