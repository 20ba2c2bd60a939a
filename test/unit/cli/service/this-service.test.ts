import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { runManager, tryRunManager } from "../../../../cli/service/this-service.ts";
import { openDirectory } from "../../../support/directory.ts";
import { problemOf } from "../../../support/http.ts";

test.each([
  { how: "hangs", script: "sleep 60", why: "it took longer than 0.2 s" },
  { how: "hangs and has written", script: "echo no bus >&2; sleep 60", why: "it took longer than 0.2 s" },
  { how: "is killed", script: "kill -KILL $$", why: "it was ended by SIGKILL" },
  { how: "fails in its own words", script: "echo no bus >&2; exit 3", why: "no bus" },
  { how: "fails", script: "exit 3", why: "it ended with status 3" },
])("a service manager that $how is reported", { timeout: 5000 }, async ({ script, why }) => {
  const problem = await problemOf(runManager(["sh", "-c", script], 200));
  expect(problem.message).toContain(`\`sh -c ${script}\` failed: ${why}. Is this`);
});

test("a service manager that is not there is reported", async () => {
  const { message } = await problemOf(runManager(["/nowhere/systemctl"]));
  expect(message).toContain("failed: it could not be started (ENOENT). Is this");
});

test("undoing goes on past a command that fails", async () => {
  await using directory = await openDirectory();
  const done = directory.join("done");
  await tryRunManager([["sh", "-c", "exit 1"], ["/nowhere/systemctl"], ["touch", done]]);
  expect(existsSync(done)).toBe(true);
});
