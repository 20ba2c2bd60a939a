import { beforeAll, expect, test } from "vitest";
import { endAfterTests, openEditor } from "../support/editor.ts";
import { openSshd } from "../support/sshd.ts";
import { openSudoUser } from "../support/sudo-user.ts";
import type { Workbench } from "../support/workbench.ts";

const password = "correct horse";
const owned = new AsyncDisposableStack();
let user: string;
let window: Workbench;

beforeAll(async () => {
  const sshd = owned.use(await openSshd());
  ({ name: user } = owned.use(await openSudoUser({ password })));
  const config = `Host web1\n  HostName ${sshd.address}\n  User ${user}\n  Port ${sshd.port}\n`;
  const settings = { "hostrun.keepRunning": true, "terminal.integrated.gpuAcceleration": "off" };
  const task = { type: "hostrun", label: "root", host: "web1", sudo: true, problemMatcher: [] };
  const tasks = [{ ...task, command: 'echo "task of $(id -u)"' }];
  const files = { ".vscode/tasks.json": JSON.stringify({ version: "2.0.0", tasks }) };
  ({ window } = await openEditor(owned, sshd, { settings, config, files }));
  await window.showHostrun();
});
endAfterTests(owned, () => window);

test("the shield above the question runs a command as root, and the password is asked for without showing it", async () => {
  const title = () => window.quick.locator(".quick-input-title");
  await window.command("Hostrun: Run on Host…");
  await window.choose(/Choose the host/, "web1");
  await title().filter({ hasText: "keeps running" }).waitFor();
  await window.quick.getByRole("button", { name: "Run it as root, by sudo" }).click();
  // One excludes the other: a durable run could not be ended as root.
  await title().filter({ hasText: "as root" }).filter({ hasNotText: "keeps running" }).waitFor();
  await window.pictures("as-root");
  await window.answer(/Type a command/, 'echo "user $(id -u)"');
  await title()
    .filter({ hasText: `Password of ${user} for sudo on web1` })
    .waitFor();
  const input = window.quick.locator("input[type=password]");
  await input.fill(password);
  await window.pictures("sudo-password");
  await input.press("Enter");
  await window.choose(/How long should it be kept/, "Keep it for this session");
  await window.output("user 0");
  await window.run.getByText("Exit 0", { exact: true }).waitFor();
  expect(await window.run.locator(".xterm-rows").innerText()).not.toMatch(
    /correct horse|hostrun-[0-9a-f]{12}/,
  );
});

test("a task runs as root, with the password that is kept for this session", async () => {
  await window.runTask("root");
  await window.page.locator(".xterm-rows:visible", { hasText: "task of 0" }).waitFor();
});
