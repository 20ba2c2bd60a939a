import { beforeAll, expect, test } from "vitest";
import type { CodeServer } from "../support/code-server.ts";
import { endAfterTests, openEditor } from "../support/editor.ts";
import { matching } from "../support/matching.ts";
import { openSshd, type Sshd } from "../support/sshd.ts";
import type { Workbench } from "../support/workbench.ts";

const ofWorkspace = {
  snippets: [
    {
      name: "Where",
      command: "echo at {{place}} of {{host.address}}",
      inputs: [{ name: "place", type: "choice", choices: ["/srv", "/tmp"] }],
    },
    { name: "Broken", command: "echo {{nothing}}" },
  ],
};

const owned = new AsyncDisposableStack();
let code: CodeServer;
let window: Workbench;
let sshd: Sshd;

beforeAll(async () => {
  sshd = owned.use(await openSshd());
  const config = `Host web1 web2\n  HostName ${sshd.address}\n  User ${sshd.user}\n  Port ${sshd.port}\n`;
  const files = { ".hostrun/snippets.json": JSON.stringify(ofWorkspace) };
  ({ code, window } = await openEditor(owned, sshd, { config, files }));
  await window.showHostrun();
  const inputs = ["--input", "who:text", "--input", "key:secret"];
  const command = "echo hello {{who}} on {{host.name}}; printf %s {{key}} | wc -c";
  await code.hostrun("snippets", "add", "greet", ...inputs, "--", command);
  const fleet = ["--target", "web[1-2]", "--input", "to:host"];
  await code.hostrun("snippets", "add", "fleet", ...fleet, "--", "echo {{host.name}} to {{to}}");
});
endAfterTests(owned, () => window);

/** Chooses a snippet and its host. */
async function choose(name: string): Promise<void> {
  await window.command("Hostrun: Run Snippet…");
  await window.choose(/Choose a snippet/, name);
  await window.choose(/Choose the host/, "web1");
}

/** Pastes it in the place of what the editor shows, and saves that. */
async function replaceAll(content: object): Promise<void> {
  await window.page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(JSON.stringify(content))})`);
  for (const key of ["Control+a", "Control+v", "Control+s"]) await window.page.keyboard.press(key);
}

test("a snippet asks for its inputs, shows the finished command, and runs nothing by a stray Enter", async () => {
  await choose("greet");
  await window.answer("who (", "it's $(id)");
  const secret = window.quick.locator("input[type=password]");
  await secret.fill("correct horse");
  await secret.press("Enter");
  await window.quick.getByPlaceholder(/This is what greet will run/).waitFor();
  await window.choice("echo hello ").waitFor();
  await window.pictures("snippet", ["light", "dark", "highContrast"]);
  await window.page.keyboard.press("Enter");
  await window.choice("echo hello").waitFor();
  await window.page.keyboard.press("ArrowDown");
  await window.page.keyboard.press("Enter");
  await window.output("hello it's $(id) on web1");
  await window.output("13");
  expect(await window.page.content()).not.toContain("correct horse");
});

test("where it is meant for several hosts, each is shown with its own command, and a new one can be added on the way", async () => {
  await window.command("Hostrun: Run Snippet…");
  await window.choose(/Choose a snippet/, "fleet");
  await window.choose(/Choose where to run it/, "web[1-2]");
  await window.choose(/^to$/, "add  Add Host");
  await window.answer(/^Address of the host/, `${sshd.user}@localhost:${sshd.port}`);
  await window.run.getByText("echo 'web2' to 'localhost'").waitFor();
  await window.run.getByText("echo 'web1' to 'localhost'").waitFor();
  await window.pictures("snippet-hosts", ["light", "dark", "highContrast"]);
  await window.run.getByRole("button", { name: "Run on 2 hosts" }).click();
  await expect.poll(() => window.run.locator(".counts").innerText()).toBe("2 exit 0");
  for (const name of ["web1", "web2"]) {
    await window.run.getByRole("grid").getByText(`${name} to localhost`).waitFor();
  }
});

test("other hosts than those it is meant for can be ticked, or one is added", async () => {
  await window.command("Hostrun: Run Snippet…");
  await window.choose(/Choose a snippet/, "fleet");
  await window.choose(/Choose where to run it/, "Other Hosts");
  await window.choose(/Choose the host/, "server-environment  Run on Several Hosts");
  await window.answer(/Select hosts, tags and groups/, "web2");
  await window.choose(/^to$/, "web1");
  await window.run.getByText("echo 'web2' to 'web1'").waitFor();
  await window.run.getByRole("button", { name: "Don't Run" }).click();
  await window.command("Hostrun: Run Snippet…");
  await window.choose(/Choose a snippet/, "Where");
  await window.choose(/Choose the host/, "add  Add Host");
  await window.answer(/^Address of the host/, `${sshd.user}@127.0.0.2:${sshd.port}`);
  await window.choose(/^place$/, "/tmp");
  await window.choice("at '/tmp' of '127.0.0.2'").waitFor();
  await window.page.keyboard.press("Escape");
});

test("snippets of the workspace are there beside the own ones, and a bad one costs itself", async () => {
  await window.command("Hostrun: Run Snippet…");
  await window.notification("entry 2: command has {{nothing}}").waitFor();
  await window.choice("Where").filter({ hasText: "folder" }).waitFor();
  await window.pictures("snippets");
  await window.choose(/Choose a snippet/, "Where");
  await window.choose(/Choose the host/, "web1");
  await window.choose(/^place$/, "/srv");
  await window.choice("at '/srv' of").or(window.choice("at /srv of")).first().click();
  await window.output("at /srv of 127.0.0.1");
});

test("a run is saved as a snippet, which is edited as a file and deleted", async () => {
  await window.rowMenu(/^echo at/, "Save as Snippet…");
  await window.answer("A name for echo at", "kept");
  await window.notification("Saved as “kept”").getByRole("button", { name: "Edit" }).click();
  await window.page.locator(".monaco-editor .view-line", { hasText: "inputs" }).first().click();
  await window.pictures("snippet-file", ["dark"]);
  const changed = { name: "changed", command: "echo {{x}}", inputs: [{ name: "x", type: "text" }] };
  await replaceAll({ ...changed, command: "echo {{y}}" });
  await window.notification("command has {{y}}").waitFor();
  await window.dismissNotifications();
  await window.page.locator(".monaco-editor .view-line").first().click();
  await replaceAll(changed);
  const show = () => code.hostrun("snippets", "show", "changed").catch(() => undefined);
  await expect.poll(show).toMatchObject({ stdout: matching(/x:text/) });
  await window.command("Hostrun: Delete Snippet…");
  await window.choose(/Choose a snippet/, "changed");
  await window.dialog('Delete the snippet "changed"?').getByRole("button", { name: "Delete" }).click();
  await expect.poll(show).toBe(undefined);
});
