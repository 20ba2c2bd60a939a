import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { CodeServer } from "../support/code-server.ts";
import { type Counter, openCounter } from "../support/counter.ts";
import { endAfterTests, openEditor } from "../support/editor.ts";
import { openSshd, type Sshd } from "../support/sshd.ts";
import type { Workbench } from "../support/workbench.ts";

const owned = new AsyncDisposableStack();
let code: CodeServer;
let counter: Counter;
let window: Workbench;

const compilerMessages = {
  owner: "hostrun-test",
  fileLocation: ["relative", "${workspaceFolder}"],
  pattern: { regexp: "^(.*):(\\d+): (error): (.*)$", file: 1, line: 2, severity: 3, message: 4 },
};

beforeAll(async () => {
  const sshd = owned.use(await openSshd());
  counter = owned.use(await openCounter());
  const command = 'echo "$FOLDER/main.c:1: error: no such $(echo thing)"; exit 3';
  const env = { FOLDER: "${workspaceFolder}" };
  const wait = `${counter.command}; echo begun; while [ ! -e "$FOLDER/go" ]; do sleep 0.1; done; echo over`;
  const many = `${wait}; echo "$FOLDER/main.c:1:2: error: as $(echo everywhere)"; if mkdir "$FOLDER/first" 2>/dev/null; then exit 4; fi`;
  const tasks = [
    { label: "check", host: "web1", command, env, problemMatcher: compilerMessages },
    { label: "wait", host: "web1", command: wait, env, problemMatcher: [] },
    { label: "sleep", host: "web1", command: "sleep 1000", problemMatcher: [] },
    { label: "release", host: "live", command: "echo released", problemMatcher: [] },
    { label: "many", targets: ["tag:many"], command: many, env, problemMatcher: "$hostrun-gcc" },
    { label: "nobody", targets: ["tag:none"], command: "true", problemMatcher: [] },
    { label: "mistaken", host: "", command: "true", env: { "a b": "c" }, problemMatcher: [] },
  ].map((task) => ({ type: "hostrun", ...task }));
  ({ code, window } = await openEditor(owned, sshd, {
    files: {
      "main.c": "int main;\n",
      ".vscode/tasks.json": JSON.stringify({ version: "2.0.0", tasks }),
    },
    settings: {
      // What a terminal shows can be read then.
      "terminal.integrated.gpuAcceleration": "off",
      // A shell that comes up after a reload would take the focus from the list of tasks.
      "terminal.integrated.hideOnStartup": "whenEmpty",
    },
  }));
  const at = ({ port, user }: Sshd) => ["--address", "127.0.0.1", "--port", `${port}`, "--user", user];
  for (const name of ["web1", "web2", "web3"]) {
    await code.hostrun("hosts", "add", name, ...at(sshd), "--tag", "many");
  }
  // On another machine; nobody gets as far as that.
  await code.hostrun("hosts", "add", "live", ...at({ ...sshd, port: 9 }), "--production");
  await window.showHostrun();
});
endAfterTests(owned, () => window);

const terminal = (text: string) => window.page.locator(".xterm-rows:visible", { hasText: text });

test("a task runs on its host with its variables, ends with the exit code, and its problems are found", async () => {
  await window.runTask("check");
  await terminal(`${code.folder}/main.c:1: error: no such thing`).waitFor();
  await terminal("exit code: 3").waitFor();
  await window.pictures("task");
  await window.page.locator('.statusbar-item[aria-label^="Errors: 1"]').waitFor();
  await window.row(/^echo .*, exit 3, web1,/).waitFor();
});

test("a task that is started again while it runs, after a reload too, runs once and is shown from its beginning", async () => {
  await window.runTask("wait");
  await terminal("begun").waitFor();
  await window.reload();
  await window.runTask("wait");
  await terminal("This task is running already. Its output from the beginning:").waitFor();
  await terminal("begun").waitFor();
  await writeFile(join(code.folder, "go"), "");
  await terminal("over").waitFor();
  expect(await counter.count()).toBe(1);
  // That it has ended is known by now.
  await terminal("press any key to close it").waitFor();
  await window.runTask("wait");
  await expect.poll(() => counter.count()).toBe(2);
});

test("a task that is terminated ends on its host", async () => {
  await window.runTask("sleep");
  await window.row(/^sleep 1000, running, web1/).waitFor();
  await window.command("Tasks: Terminate Task");
  await window.choose(/Select a task to terminate/, "sleep");
  await window.row(/^sleep 1000, cancelled, web1/).waitFor();
});

test("a task for a production host is asked about", async () => {
  await window.runTask("release");
  await window.run.getByText("Run this on the production host live?").waitFor();
  await window.run.getByRole("button", { name: "Don't Run" }).click();
  await terminal("Not run.").waitFor();
});

test("a task for many hosts is one job, also over a reload, and its problems are found behind the hosts' names", async () => {
  await rm(join(code.folder, "go"), { force: true });
  const before = await counter.count();
  await window.runTask("many");
  for (const host of ["web1", "web2", "web3"]) await terminal(`${host}: begun`).waitFor();
  await window.reload();
  await window.runTask("many");
  await terminal("This task is running already. Its output from the beginning:").waitFor();
  await writeFile(join(code.folder, "go"), "");
  await terminal("exit status 4").waitFor();
  await terminal("hostrun: 2 of 3 hosts ended with exit status 0.").waitFor();
  await window.page.locator('.statusbar-item[aria-label^="Errors: 1"]').waitFor();
  await window.pictures("task-many", ["dark"]);
  expect(await counter.count()).toBe(before + 3);
});

test("a task whose targets mean nobody runs nothing", async () => {
  await window.runTask("nobody");
  await terminal("hostrun: There is no host for tag:none. Nothing was run.").waitFor();
});

test("what is wrong with a task is said in its terminal", async () => {
  await window.runTask("mistaken");
  await terminal("hostrun: tasks.json: host: ").waitFor();
  await terminal("hostrun: tasks.json: env.a b: ").waitFor();
});
