import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { openBrowser } from "../support/browser.ts";
import { type CodeServer, openCodeServer } from "../support/code-server.ts";
import { type Directory, openDirectory } from "../support/directory.ts";
import { openSshd, type Sshd } from "../support/sshd.ts";
import { Workbench } from "../support/workbench.ts";

const owned = new AsyncDisposableStack();
let code: CodeServer;
let account: Directory;
let sshd: Sshd;
let window: Workbench;
const ssh = (name: string): string => join(code.home, ".ssh", name);

beforeAll(async () => {
  account = owned.use(await openDirectory());
  sshd = owned.use(await openSshd({ options: { SetEnv: `HOME=${account.path} SHLVL=1` } }));
  code = owned.use(await openCodeServer());
  await copyFile(sshd.clientKey.path, ssh("id_ed25519"));
  await writeFile(ssh("known_hosts"), sshd.knownHosts);
  await code.hostrun("hosts", "add", "web1", `${sshd.user}@${sshd.address}:${sshd.port}`);
  const browser = await openBrowser();
  owned.defer(() => browser.close());
  window = await Workbench.open(browser, code);
});
afterEach(async ({ task }) => {
  if (task.result?.state === "fail") await window.failure(task.name);
});
afterAll(() => owned.disposeAsync());

test("a key is made with a passphrase typed twice, and installed on a host", async () => {
  await window.command("Hostrun: Make SSH Key…");
  await window.answer(/never overwritten/, "work");
  for (const again of [/Passphrase to encrypt it/, /Confirm passphrase/]) {
    await window.quick.getByText(again).waitFor();
    expect(await window.input.getAttribute("type")).toBe("password");
    await window.input.fill("a passphrase");
    await window.page.keyboard.press("Enter");
  }
  // Without the mouse on it, it goes away after some seconds.
  await window.notification(/Made ~\/\.ssh\/work/).hover();
  await window.pictures("key-made", ["dark"]);
  await window.page.getByRole("button", { name: "Install on Host…" }).click();
  await window.choose(/Choose a host/, "web1");
  await window.notification(/can log in as .* now/).waitFor();
  const publicKey = await readFile(ssh("work.pub"), "utf8");
  expect(await readFile(account.join(".ssh/authorized_keys"), "utf8")).toContain(publicKey.split(" ")[1]);
  await window.dismissNotifications();
  await window.command("Hostrun: Make SSH Key…");
  await window.quick.getByText(/never overwritten/).waitFor();
  expect(await window.input.inputValue()).toBe("id_ed25519_hostrun");
  await window.input.fill("work");
  await window.quick.getByText("~/.ssh/work already exists.").waitFor();
  await window.page.keyboard.press("Escape");
  await window.quick.waitFor({ state: "hidden" });
});

test("the host keys on record lead to their line, and Hostrun's own are forgotten", async () => {
  const key = sshd.hostKeys[0]?.publicKey.split(" ")[1] ?? "";
  await code.hostrun("known-hosts", "add", "10.9.9.9", key);
  await window.command("Hostrun: Show Known Hosts…");
  await window.choice("10.9.9.9").waitFor();
  await window.pictures("known-hosts", ["light"]);
  await window.choice("10.9.9.9").click();
  await window.dialog("Forget the host keys of 10.9.9.9?").getByRole("button", { name: "Forget" }).click();
  await expect.poll(() => readFile(join(code.stateDirectory, "known_hosts"), "utf8")).toBe("");
  await window.command("Hostrun: Show Known Hosts…");
  await window.choice("~/.ssh/known_hosts, line 1 (read-only)").first().click();
  await window.page.getByRole("tab", { name: "known_hosts", selected: true }).waitFor();
});
