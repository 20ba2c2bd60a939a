import { execFileSync } from "node:child_process";
import { chmod, writeFile } from "node:fs/promises";
import { afterAll, expect, test } from "vitest";
import { isLauncher, launcherText } from "../../../extension/launcher-text.ts";
import { openDirectory } from "../../support/directory.ts";

const directory = await openDirectory();
afterAll(() => directory[Symbol.asyncDispose]());

test("a launcher runs the script by the program, with every argument as it was given", async () => {
  const script = directory.join("it's.cjs");
  await writeFile(
    script,
    "console.log(JSON.stringify([process.env.ELECTRON_RUN_AS_NODE, ...process.argv.slice(2)]))",
  );
  const text = launcherText({ program: process.execPath, script }, false);
  const launcher = directory.join("hostrun");
  await writeFile(launcher, text);
  await chmod(launcher, 0o755);
  const given = ["run", "a b", "$x", "", "'"];
  const printed: unknown = JSON.parse(execFileSync(launcher, given, { encoding: "utf8" }));
  expect(printed).toEqual(["1", ...given]);
  expect(isLauncher(text)).toBe(true);
});

test("one of Windows is known again, too, and another file is not", () => {
  const text = launcherText({ program: "C:\\Code.exe", script: "C:\\a b\\cli.cjs" }, true);
  expect(text).toContain('@"C:\\Code.exe" "C:\\a b\\cli.cjs" %*\r\n');
  expect(isLauncher(text)).toBe(true);
  expect(isLauncher("#!/bin/sh\nexec hostrun\n")).toBe(false);
});
