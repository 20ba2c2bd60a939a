import { expect, test } from "vitest";
import { Problem } from "../../../protocol/problem.ts";
import { joinPath, stateDirectory } from "../../../protocol/places.ts";

test.each([
  ["linux", {}, "/home/ann", "/home/ann/.local/state/hostrun"],
  ["linux", { XDG_STATE_HOME: "/var/state/" }, "/home/ann", "/var/state/hostrun"],
  ["linux", { XDG_STATE_HOME: "relative" }, "/home/ann", "/home/ann/.local/state/hostrun"],
  ["linux", { XDG_STATE_HOME: "/x", HOSTRUN_HOME: "/h//" }, "/home/ann", "/h"],
  ["linux", { HOSTRUN_HOME: "" }, "/home/ann", "/home/ann/.local/state/hostrun"],
  ["linux", { HOSTRUN_HOME: "/" }, "/home/ann", "/"],
  ["darwin", { XDG_STATE_HOME: "/x" }, "/Users/ann", "/Users/ann/Library/Application Support/hostrun"],
  [
    "win32",
    { LOCALAPPDATA: "C:\\Users\\ann\\AppData\\Local" },
    "C:\\Users\\ann",
    "C:\\Users\\ann\\AppData\\Local\\hostrun",
  ],
  ["win32", {}, "C:\\Users\\ann", "C:\\Users\\ann\\AppData\\Local\\hostrun"],
  ["win32", { HOSTRUN_HOME: "D:\\" }, "C:\\Users\\ann", "D:\\"],
])("on %s with %o the state of %s is in %s", (platform, env, home, expected) => {
  expect(stateDirectory(platform, env, home)).toBe(expected);
});

test.each([
  ["linux", "state"],
  ["linux", "C:\\state"],
  ["win32", "/state"],
])("on %s a HOSTRUN_HOME of %s is refused by name", (platform, home) => {
  try {
    stateDirectory(platform, { HOSTRUN_HOME: home }, "/home/ann");
    expect.unreachable();
  } catch (failure) {
    expect(failure).toBeInstanceOf(Problem);
    expect(failure).toHaveProperty("code", "invalid_request");
    expect(String(failure)).toContain("HOSTRUN_HOME");
  }
});

test("a name is joined with the platform's separator, once", () => {
  expect(joinPath("linux", "/", "a")).toBe("/a");
  expect(joinPath("linux", "/b/", "a")).toBe("/b/a");
  expect(joinPath("win32", "C:\\b", "a")).toBe("C:\\b\\a");
  expect(joinPath("win32", "C:\\", "a")).toBe("C:\\a");
});
