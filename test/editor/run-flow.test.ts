import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { CodeServer } from "../support/code-server.ts";
import { endAfterTests, openEditor } from "../support/editor.ts";
import { timeToPaint } from "../support/paint-times.ts";
import { openSshd, type Sshd } from "../support/sshd.ts";
import type { Workbench } from "../support/workbench.ts";

const owned = new AsyncDisposableStack();
let code: CodeServer;
let sshd: Sshd;
/** Another machine. */
let production: Sshd;
let window: Workbench;

beforeAll(async () => {
  sshd = owned.use(await openSshd());
  const script = "echo not this\necho first of $((1 + 1))\necho second\n";
  production = owned.use(await openSshd({ authorizedKeys: [sshd.clientKey.publicKey] }));
  ({ code, window } = await openEditor(owned, sshd, { files: { "notes.sh": script } }));
  await appendFile(join(code.home, ".ssh/known_hosts"), production.knownHosts);
  await window.showHostrun();
});
endAfterTests(owned, () => window);

let added = false;

/** Two hosts, of which one is production. */
async function addHosts(): Promise<void> {
  if (added) return;
  added = true;
  const at = ({ port, user }: Sshd) => ["--address", "127.0.0.1", "--port", `${port}`, "--user", user];
  await code.hostrun("hosts", "add", "live", ...at(production), "--production");
  await code.hostrun("hosts", "add", "test", ...at(sshd));
  await window.row(/^test, /).waitFor();
}

describe("an address that is no host", () => {
  test("is run on as it was pasted, and saved afterwards where that is wanted", async () => {
    const address = `${sshd.user}@127.0.0.1:${sshd.port}`;
    await window.command("Hostrun: Run on Host…");
    await window.type(/Choose the host/, `ssh ${sshd.user}@127.0.0.1 -p ${sshd.port}`);
    await window.choice("not saved").waitFor();
    await window.pictures("unsaved-host");
    await window.page.keyboard.press("Enter");
    await window.answer(/Type a command/, "echo on an $(echo unsaved) host");
    // It hides after some seconds: a click waits for it.
    const offer = window.notification(`${address} is not a saved host.`);
    await offer.getByRole("button", { name: "Save Host" }).click();
    await window.quick.getByPlaceholder(/^Address of the host/).waitFor();
    expect(await window.input.inputValue()).toBe(address);
    await window.quick.getByText(`Add ${address} as 127.0.0.1`).waitFor();
    await window.page.keyboard.press("Enter");
    await window.row(/^127\.0\.0\.1, /).waitFor();
  });

  test("that is saved now is that host, however it is written", async () => {
    await window.command("Hostrun: Run on Host…");
    await window.type(/Choose the host/, `ssh -p ${sshd.port} ${sshd.user}@127.0.0.1`);
    await window.quick.locator('.monaco-list-row[aria-label^="127.0.0.1"]').waitFor();
    expect(await window.choice("not saved").count()).toBe(0);
    await window.page.keyboard.press("Escape");
    await window.quick.waitFor({ state: "hidden" });
  });

  test("that is not whole is not lost: it is added with what was typed of it", async () => {
    await window.command("Hostrun: Run on Host…");
    await window.type(/Choose the host/, "localhost");
    await window.choose(/Choose the host/, "add  Add Host");
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

describe("the moment of risk", () => {
  /** Whether an entry of the quick pick is chosen already. */
  const active = () => window.quick.locator(".monaco-list-row.focused");
  const title = () => window.quick.locator(".quick-input-title");
  const lines = Array.from({ length: 40 }, (_, index) => `echo line ${index + 1} of a long command`).join(
    "\n",
  );

  beforeAll(async () => {
    await addHosts();
    await code.hostrun("run", "test", "echo earlier");
    await code.hostrun("run", "test", "--", "echo one\necho two\n");
    await window.row(/^echo one ⏎ echo two, exit 0, test,/).waitFor();
  });

  test("the question for the command names host, user and production, and Enter alone runs nothing", async () => {
    await window.rowAction(/^live,/, "Run on Host");
    const name = `Run on live · ${production.user}@127.0.0.1:${production.port} · ⚠ PRODUCTION`;
    await title().filter({ hasText: name }).waitFor();
    await window.choice("echo earlier").waitFor();
    expect(await active().count()).toBe(0);
    await window.pictures("risk", ["light", "dark", "highContrast"]);
    await window.page.keyboard.press("Enter");
    await title().filter({ hasText: name }).waitFor();
    // Nor after something was typed and taken back.
    await window.page.keyboard.type("e");
    await active().waitFor();
    await window.page.keyboard.press("Backspace");
    await active().waitFor({ state: "detached" });
    await window.page.keyboard.press("Enter");
    await title().filter({ hasText: name }).waitFor();
    await window.page.keyboard.press("Escape");
    await window.quick.waitFor({ state: "hidden" });
  });

  test("a recent command can be edited before it is run, by the keyboard, too", async () => {
    await window.rowAction(/^test,/, "Run on Host");
    await window.choice("echo earlier").hover();
    await window.choice("echo earlier").getByRole("button", { name: "Edit Before Running" }).click();
    await expect.poll(() => window.input.inputValue()).toBe("echo earlier");
    await window.page.keyboard.type(" and later");
    await window.page.keyboard.press("Enter");
    await window.output("earlier and later");
    await window.run.getByText("Exit 0", { exact: true }).waitFor();

    await window.rowAction(/^test,/, "Run on Host");
    await window.quick.getByPlaceholder(/F2 to edit it first/).waitFor();
    await window.choice("echo earlier").first().waitFor();
    // Nothing has the focus yet.
    await window.page.keyboard.press("F2");
    expect(await window.input.inputValue()).toBe("");
    await window.page.keyboard.press("ArrowDown");
    await active().filter({ hasText: "echo earlier and later" }).waitFor();
    await window.page.keyboard.press("F2");
    // Once more takes nothing away of what is typed.
    await window.page.keyboard.press("F2");
    await expect.poll(() => window.input.inputValue()).toBe("echo earlier and later");
    await window.page.keyboard.type(" still");
    await window.page.keyboard.press("Enter");
    await window.output("earlier and later still");
    await window.run.getByText("Exit 0", { exact: true }).waitFor();
  });

  test("several lines look like several lines, and are edited in an editor", async () => {
    await window.rowAction(/^test,/, "Run on Host");
    const entry = window.choice("echo one ⏎ echo two");
    await entry.getByText("2 lines").waitFor();
    await window.pictures("several-lines");
    await entry.hover();
    await entry.getByRole("button", { name: "Edit in an Editor" }).click();
    await window.page.getByText("18 selected").waitFor();
    await window.page.keyboard.press("Control+Alt+H");
    await title().filter({ hasText: "Run echo one ⏎ echo two" }).waitFor();
    await window.quick.getByPlaceholder(/these 2 lines/).waitFor();
    expect(await active().count()).toBe(0);
    await window.page.keyboard.press("Enter");
    await window.choose(/these 2 lines/, "test");
    await window.output(/one\s*two/);
    await window.tab("test: echo one ⏎ echo two").waitFor();
  });

  test("Run Selection shows what will run, and marks it in the editor", async () => {
    await window.openFile("notes.sh");
    await window.page.keyboard.press("Control+Home");
    await window.page.keyboard.press("ArrowDown");
    await window.command("Hostrun: Run Current Line on Host…");
    await title().filter({ hasText: "Run echo first of $((1 + 1))" }).waitFor();
    await window.quick.getByPlaceholder(/^Choose the host to run on/).waitFor();
    const marked = window.page.locator(".monaco-editor .view-overlays [class*='ced-']");
    await marked.first().waitFor();
    await window.pictures("run-line", ["light", "dark", "highContrast"]);
    await window.choose(/^Choose the host/, "test");
    await window.output("first of 2");
    await window.openFile("notes.sh");
    expect(await marked.count()).toBe(0);
  });

  test("the question before production shows the whole command, and no stray key answers it by a yes", async () => {
    const { page } = window;
    await code.hostrun("run", "test", "--", lines);
    await window.row(/^echo line 1 of a long command ⏎/).waitFor();
    const asked = async (): Promise<void> => {
      await window.rowAction(/^live,/, "Run on Host");
      await window.choice("echo line 1 of a long command").click();
      await window.run.getByText("Run this on the production host live?").waitFor();
      await window.run.locator("#leave:focus").waitFor();
    };
    const run = window.run.getByRole("button", { name: "Run on live" });
    const before = await window.row(/, live,/).count();
    await asked();
    expect(await run.isDisabled()).toBe(true);
    await window.pictures("production", ["light", "dark", "highContrast"]);
    expect(await window.violations()).toEqual([]);
    for (const key of ["y", "r", "ArrowDown", "PageDown"]) await page.keyboard.press(key);
    await page.keyboard.press("Escape");
    await window.tab("Run on live?").waitFor({ state: "detached" });
    await asked();
    await page.keyboard.press("Enter");
    await window.tab("Run on live?").waitFor({ state: "detached" });
    expect(await window.row(/, live,/).count()).toBe(before);

    await asked();
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("End");
    await window.run.locator("#run:enabled").waitFor();
    await window.pictures("production-end", ["dark"]);
    expect(await window.violations()).toEqual([]);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await window.output("line 40 of a long command");
    await window.row(/, exit 0, live,/).waitFor();
  });

  test("another name of a production host's machine is asked about, too", async () => {
    const { port } = production;
    await code.hostrun("hosts", "add", "alias", `nobody@127.0.0.1:${port}`);
    await window.row(/^alias, /).waitFor();
    await window.rowAction(/^alias,/, "Run on Host");
    await title()
      .filter({ hasText: `Run on alias · nobody@127.0.0.1:${port} · ⚠ PRODUCTION` })
      .waitFor();
    await window.answer(/Type a command/, "echo by another name");
    await window.run.getByText("Run this on the production host alias?").waitFor();
    await window.run.getByText("the machine of live").waitFor();
    await window.pictures("production-machine");
    await window.run.getByRole("button", { name: "Don't Run" }).click();
    await window.tab("Run on alias?").waitFor({ state: "detached" });
    expect(await window.row(/, alias,/).count()).toBe(0);
    await code.hostrun("hosts", "remove", "alias");
    await window.row(/^alias, /).waitFor({ state: "detached" });
  });

  test("a command that was not run on production is in the field the next time", async () => {
    await window.rowAction(/^live,/, "Run on Host");
    await window.answer(/Type a command/, "echo on second thought");
    await window.run.getByText("echo on second thought", { exact: true }).waitFor();
    await window.pictures("production-short");
    await window.run.getByRole("button", { name: "Don't Run" }).click();
    await window.rowAction(/^live,/, "Run on Host");
    await window.quick.getByPlaceholder(/Type a command/).waitFor();
    expect(await window.input.inputValue()).toBe("echo on second thought");
    await window.page.keyboard.press("Escape");
    await window.quick.waitFor({ state: "hidden" });
  });
});

describe("the tab of a run", () => {
  const prepared = () => window.tab("Run on test");

  beforeAll(addHosts);

  test("is there from the first character on, takes no focus, and goes away when nothing is run", async () => {
    await window.openFile("notes.sh");
    const tabs = await window.page.getByRole("tab").count();
    await window.rowAction(/^test,/, "Run on Host");
    await window.quick.getByPlaceholder(/Type a command/).waitFor();
    expect(await prepared().count()).toBe(0);
    await window.page.keyboard.type("e");
    await prepared().waitFor();
    await window.run.locator("#app").waitFor({ state: "attached" });
    await window.page.keyboard.type("cho not run");
    expect(await window.input.inputValue()).toBe("echo not run");
    expect(await window.page.locator(".quick-input-box input:focus").count()).toBe(1);
    await window.page.keyboard.press("Escape");
    await prepared().waitFor({ state: "detached" });
    expect(await window.page.getByRole("tab").count()).toBe(tabs);
    await window.page.getByRole("tab", { name: "notes.sh", selected: true }).waitFor();
  });

  test("is gone when the window was loaded again before anything was run", async () => {
    await window.rowAction(/^test,/, "Run on Host");
    await window.quick.getByPlaceholder(/Type a command/).waitFor();
    await window.page.keyboard.type("echo");
    await prepared().waitFor();
    await window.loadAnew();
    // The view is open as it was.
    await window.row(/^test, /).waitFor();
    await prepared().waitFor({ state: "detached" });
    expect(await window.page.getByText("No run").count()).toBe(0);
  });

  test("is not opened before a question: that has a tab of its own", async () => {
    await window.rowAction(/^live,/, "Run on Host");
    await window.quick.getByPlaceholder(/Type a command/).waitFor();
    await window.page.keyboard.type("echo");
    await window.choice("echo").first().waitFor();
    expect(await window.tab(/^Run on live/).count()).toBe(0);
    await window.page.keyboard.press("Escape");
    await window.quick.waitFor({ state: "hidden" });
  });

  test("shows its output soon after Enter, when it is new and when it is open", async () => {
    const { page } = window;
    const fresh: number[] = [];
    const open: number[] = [];
    for (let count = 1; count <= 10; count += 1) {
      await window.rowAction(/^test,/, "Run on Host");
      await window.quick.getByPlaceholder(/Type a command/).waitFor();
      // As fast as a quick person types: the tab is loaded meanwhile.
      await page.keyboard.type("date +mark-%s%N", { delay: 40 });
      await prepared().waitFor();
      await window.run.locator(".xterm-rows").waitFor({ state: "attached" });
      fresh.push(await timeToPaint(page, () => page.keyboard.press("Enter")));
      await window.run.getByText("Exit 0", { exact: true }).waitFor();
      // The title follows the output.
      await prepared().waitFor({ state: "detached" });
      await window.run.locator(".xterm textarea:focus").waitFor();
      const again = window.run.getByRole("button", { name: "Run Again" });
      // A person who presses Enter there came there before.
      await again.focus();
      open.push(await timeToPaint(page, () => page.keyboard.press("Enter")));
      await window.run.getByText("Exit 0", { exact: true }).waitFor();
      await window.command("View: Close Editor");
    }
    const middle = (times: number[]): string => `${times.sort((a, b) => a - b)[5]?.toFixed(0)} ms`;
    // How long it takes is said and not asserted: it is the machine's, too.
    console.log(
      `From Enter to the first output painted, p50 of 10: ${middle(fresh)} in a new tab, ${middle(open)} in an open one.`,
    );
  }, 900_000);
});
