import { beforeAll, expect, test } from "vitest";
import type { CodeServer } from "../support/code-server.ts";
import { endAfterTests, openEditor } from "../support/editor.ts";
import { matching } from "../support/matching.ts";
import { openSshd } from "../support/sshd.ts";
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

beforeAll(async () => {
  const sshd = owned.use(await openSshd());
  const config = `Host web1\n  HostName ${sshd.address}\n  User ${sshd.user}\n  Port ${sshd.port}\n`;
  const files = { ".hostrun/snippets.json": JSON.stringify(ofWorkspace) };
  ({ code, window } = await openEditor(owned, sshd, { config, files }));
  await window.showHostrun();
  const inputs = ["--input", "who:text", "--input", "key:secret"];
  const command = "echo hello {{who}} on {{host.name}}; printf %s {{key}} | wc -c";
  await code.hostrun("snippets", "add", "greet", ...inputs, "--", command);
});
endAfterTests(owned, () => window);

/** Chooses a snippet and its host. */
async function choose(name: string): Promise<void> {
  await window.command("Hostrun: Run Snippet…");
  await window.choose(/Choose a snippet/, name);
  await window.choose(/Choose the host/, "web1");
}

/** Types into the question that says this. */
async function type(question: string, text: string): Promise<void> {
  await window.quick.getByText(question, { exact: false }).first().waitFor();
  await window.input.fill(text);
  await window.page.keyboard.press("Enter");
}

/** Pastes it in the place of what the editor shows, and saves that. */
async function replaceAll(content: object): Promise<void> {
  await window.page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(JSON.stringify(content))})`);
  for (const key of ["Control+a", "Control+v", "Control+s"]) await window.page.keyboard.press(key);
}

test("a snippet asks for its inputs, shows the finished command, and runs nothing by a stray Enter", async () => {
  await choose("greet");
  await type("who (", "it's $(id)");
  const secret = window.quick.locator("input[type=password]");
  await secret.fill("correct horse");
  await secret.press("Enter");
  await window.quick.getByPlaceholder(/This is what greet runs/).waitFor();
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
  await type("A name for echo at", "kept");
  await window.notification("Kept as “kept”").getByRole("button", { name: "Edit" }).click();
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
