import { beforeAll, expect, test } from "vitest";
import type { CodeServer } from "../support/code-server.ts";
import { endAfterTests, openEditor } from "../support/editor.ts";
import { openSshd } from "../support/sshd.ts";
import type { Workbench } from "../support/workbench.ts";

const owned = new AsyncDisposableStack();
let code: CodeServer;
let window: Workbench;

beforeAll(async () => {
  const sshd = owned.use(await openSshd());
  const config = `Host web1\n  HostName ${sshd.address}\n  User ${sshd.user}\n  Port ${sshd.port}\n`;
  const task = { type: "hostrun", label: "planted", host: "web1", command: "echo from the task" };
  const files = {
    ".hostrun/snippets.json": JSON.stringify({ snippets: [{ name: "planted", command: "echo planted" }] }),
    ".vscode/tasks.json": JSON.stringify({ version: "2.0.0", tasks: [{ ...task, problemMatcher: [] }] }),
  };
  const settings = { "terminal.integrated.gpuAcceleration": "off" };
  ({ code, window } = await openEditor(owned, sshd, { config, files, settings, asksForTrust: true }));
  await code.hostrun("snippets", "add", "own", "--", "echo of my own");
  await window.showHostrun();
});
endAfterTests(owned, () => window);

/** The folder's, beside the person's own. */
const planted = () => window.choice("planted");
const restricted = () => window.page.locator('.statusbar-item[aria-label*="Restricted Mode"]');

/** VS Code lists no tasks of such a folder, and asks. */
async function listTasks(): Promise<void> {
  await window.page.keyboard.press("Control+P");
  await window.input.fill("task planted");
  await window.dialog("Do you trust the authors of the files in this folder?").waitFor();
}

test("of a folder that is not trusted no snippets are offered and no tasks run, and own snippets run", async () => {
  await restricted().waitFor();
  await window.command("Hostrun: Run Snippet…");
  await window.choice("own").waitFor();
  expect(await planted().count()).toBe(0);
  await window.pictures("untrusted", ["dark"]);
  await window.choose(/Choose a snippet/, "own");
  await window.choose(/Choose the host/, "web1");
  await window.choice("echo of my own").click();
  await window.output("of my own");
  await listTasks();
  await window.page.getByRole("button", { name: "Cancel" }).click();
  await restricted().waitFor();
});

test("once it is trusted, its snippets are offered and its tasks run", async () => {
  await listTasks();
  await window.page.getByRole("button", { name: "Trust Folder & Continue" }).click();
  await restricted().waitFor({ state: "detached" });
  await window.command("Hostrun: Run Snippet…");
  await planted().waitFor();
  await window.page.keyboard.press("Escape");
  await window.runTask("planted");
  await window.page.locator(".xterm-rows:visible", { hasText: "from the task" }).waitFor();
  await window.row(/^echo from the task, exit 0/).waitFor();
});
