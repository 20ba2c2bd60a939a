import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { openBrowser } from "../support/browser.ts";
import { openCodeServer, type CodeServer } from "../support/code-server.ts";
import { openSshd, type Sshd } from "../support/sshd.ts";
import { Workbench } from "../support/workbench.ts";

const owned = new AsyncDisposableStack();
let code: CodeServer;
let sshd: Sshd;
let window: Workbench;

beforeAll(async () => {
  sshd = owned.use(await openSshd());
  code = owned.use(await openCodeServer());
  const ssh = (name: string): string => join(code.home, ".ssh", name);
  await copyFile(sshd.clientKey.path, ssh("id_ed25519"));
  await writeFile(ssh("known_hosts"), sshd.knownHosts);
  const browser = await openBrowser();
  owned.defer(() => browser.close());
  window = await Workbench.open(browser, code);
  await window.showHostrun();
});
afterEach(async ({ task }) => {
  if (task.result?.state === "fail") await window.failure(task.name);
});
afterAll(() => owned.disposeAsync());

describe("an address that is no host", () => {
  test("is run on as it was pasted, and saved afterwards where that is wanted", async () => {
    const address = `${sshd.user}@127.0.0.1:${sshd.port}`;
    await window.command("Hostrun: Run on Host…");
    await window.quick.getByPlaceholder(/Choose the host/).waitFor();
    await window.input.fill(`ssh ${sshd.user}@127.0.0.1 -p ${sshd.port}`);
    await window.choice("not saved").waitFor();
    await window.pictures("unsaved-host");
    await window.page.keyboard.press("Enter");
    await window.answer(/Type a command/, "echo on an $(echo unsaved) host");
    await window.output("on an unsaved host");
    await window.run.getByText("Exit 0", { exact: true }).waitFor();
    const offer = window.notification(`${address} is not a saved host.`);
    await offer.waitFor();
    await window.pictures("unsaved-host-offer");
    await offer.getByRole("button", { name: "Save Host" }).click();
    await window.quick.getByPlaceholder(/^Address of the host/).waitFor();
    expect(await window.input.inputValue()).toBe(address);
    await window.quick.getByText(`Add ${address} as 127.0.0.1`).waitFor();
    await window.page.keyboard.press("Enter");
    await window.row(/^127\.0\.0\.1, /).waitFor();
  });

  test("that is saved now is that host, however it is written", async () => {
    await window.command("Hostrun: Run on Host…");
    await window.quick.getByPlaceholder(/Choose the host/).waitFor();
    await window.input.fill(`ssh -p ${sshd.port} ${sshd.user}@127.0.0.1`);
    await window.quick.locator('.monaco-list-row[aria-label^="127.0.0.1"]').waitFor();
    expect(await window.choice("not saved").count()).toBe(0);
    await window.page.keyboard.press("Escape");
    await window.quick.waitFor({ state: "hidden" });
  });

  test("that is not whole is not lost: it is added with what was typed of it", async () => {
    await window.command("Hostrun: Run on Host…");
    await window.quick.getByPlaceholder(/Choose the host/).waitFor();
    await window.input.fill("localhost");
    await window.choose(/Choose the host/, "add  Add host");
    await window.quick.getByPlaceholder(/^Address of the host/).waitFor();
    expect(await window.input.inputValue()).toBe("localhost");
    await window.input.fill(`${sshd.user}@localhost:${sshd.port}`);
    await window.quick.getByText(/^Add .* as localhost$/).waitFor();
    await window.page.keyboard.press("Enter");
    await window.quick.getByPlaceholder(/Type a command/).waitFor();
    await window.row(/^localhost, /).waitFor();
    await window.page.keyboard.press("Escape");
    await window.quick.waitFor({ state: "hidden" });
  });
});
