import { expect, test } from "vitest";
import { userName } from "../../../../daemon/core/user-name.ts";

const noEntry = (): string => {
  throw new Error("A system error occurred: uv_os_get_passwd returned ENOENT (no such file or directory)");
};

test("the account database says who one is, whatever the environment says", () => {
  expect(userName(() => "eve", { USER: "root", LOGNAME: "root" }, 1000)).toBe("eve");
});

test.each([
  [{ USER: "eve", LOGNAME: "mallory" }, "eve"],
  [{ USER: "", LOGNAME: "eve" }, "eve"],
  [{}, "54321"],
])("an account without an entry there is no failure: %j", (environment, name) => {
  expect(userName(noEntry, environment, 54321)).toBe(name);
});
