import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { CodeServer } from "../support/code-server.ts";
import { endAfterTests, openEditor } from "../support/editor.ts";
import { openSshd, type Sshd } from "../support/sshd.ts";
import type { Workbench } from "../support/workbench.ts";

const owned = new AsyncDisposableStack();
let code: CodeServer;
let sshd: Sshd;
let window: Workbench;

beforeAll(async () => {
  sshd = owned.use(await openSshd());
  const config = `Host node1 node2 node3\n  HostName 127.0.0.1\n  User ${sshd.user}\n  Port ${sshd.port}\n`;
  ({ code, window } = await openEditor(owned, sshd, { config }));
  await window.showHostrun();
  await window.row(/^node1,/).waitFor();
});
endAfterTests(owned, () => window);

const grid = () => window.run.getByRole("grid");

test("a command runs on several hosts that are typed, after each of them was named", async () => {
  const marker = join(code.home, "first");
  // The first to come answers otherwise.
  const command = `echo one; mkdir ${marker} 2>/dev/null && { echo odd; exit 3; }; echo x >> ${marker}.ran; echo same`;
  await window.command("Hostrun: Run on Several Hosts…");
  await window.answer(/Select hosts, tags and groups/, "node*");
  await window.answer(/Type a command/, command);
  const named = window.run.locator("#hosts li");
  await named.nth(2).waitFor();
  expect(await named.allInnerTexts()).toEqual(["node1", "node2", "node3"]);
  await expect(readFile(`${marker}.ran`)).rejects.toThrow("ENOENT");
  await window.pictures("job-question");
  expect(await window.violations()).toEqual([]);
  await window.run.getByRole("button", { name: "Run on 3 hosts" }).click();
  await grid()
    .getByRole("row", { name: /Exit 3/ })
    .waitFor();
  await expect.poll(() => window.run.locator(".counts").innerText()).toBe("2 exit 0\n1 exit 3");
  expect(await window.run.locator("#row-0").innerText()).toMatch(/^Exit 3\s+node\d\s+3\s+\d[\d.]* m?s/);
  await window.run.getByText("identical").waitFor();
  await grid().getByText("odd").waitFor();
  expect(await readFile(`${marker}.ran`, "utf8")).toBe("x\nx\n");
  await window.pictures("job", ["light", "dark", "highContrast"]);
});

test("how a group differs from the largest is shown in VS Code's own difference editor", async () => {
  await window.run.getByRole("button", { name: "Compare with Largest" }).click();
  await window.tab(/node\d ↔ node\d/).waitFor();
  const difference = window.page.locator(".monaco-diff-editor");
  await difference.locator(".editor.original .view-line", { hasText: "same" }).waitFor();
  await difference.locator(".editor.modified .view-line", { hasText: "odd" }).waitFor();
  await window.pictures("job-difference");
  await window.command("View: Close Editor");
});

test("a reload of the window finds the job again, which is a row of the Runs view, too", async () => {
  await window.reload();
  // A window that is still loading may miss a key.
  const palette = async (): Promise<boolean> => {
    await window.page.keyboard.press("F1");
    return window.input.isVisible();
  };
  await expect.poll(palette).toBe(true);
  await window.input.fill(">typed meanwhile");
  await grid().getByText("odd").waitFor();
  // Its page has drawn itself by then, and left the keys to what is typed into.
  expect(await window.input.and(window.page.locator(":focus")).count()).toBe(1);
  await window.page.keyboard.press("Escape");
  const row = window.row(/^echo one; .*2 of 3 ok, 1 failed/);
  expect(await row.locator(".label-description").innerText()).toMatch(/^2\/3 ok, 1 failed · node/);
});

test("what failed runs again in the same tab, and one host's output opens in its own", async () => {
  await window.run.getByRole("button", { name: "Run Again Where It Failed" }).click();
  await window.run.getByRole("button", { name: "Run on 1 host" }).click();
  await expect.poll(() => window.run.locator(".counts").innerText()).toBe("1 exit 0");
  await grid().focus();
  await window.page.keyboard.press("ArrowDown");
  await window.page.keyboard.press("Enter");
  await window.output("same");
});

test("cancelling all ends what runs on every host, with results that can be copied", async () => {
  await window.command("Hostrun: Run on Several Hosts…");
  await window.answer(/Select hosts, tags and groups/, "node[1-2]");
  await window.answer(/Type a command/, "echo began; sleep 600");
  await window.run.getByRole("button", { name: "Run on 2 hosts" }).click();
  await expect.poll(() => grid().getByText("began").count()).toBe(2);
  await window.run.getByRole("button", { name: "Cancel All" }).click();
  await expect.poll(() => window.run.locator(".counts").innerText()).toBe("2 cancelled");
  await window.run.getByRole("button", { name: "Copy or Save Results…" }).click();
  await window.choose(/Copy or save the results/, "Copy as Text");
  await window.run.locator(".notice", { hasText: "Copied" }).waitFor();
  const copied = await window.page.evaluate<string>("navigator.clipboard.readText()");
  expect(copied).toBe(
    `$ echo began; sleep 600\n${"-".repeat(15)}\nnode[1-2] (2)\n${"-".repeat(15)}\nbegan\n`,
  );
});

test("a group's row runs on its hosts, and options are asked for by who wants them", async () => {
  for (const name of ["node1", "node2"]) await code.hostrun("hosts", "edit", name, "--group", "fleet");
  await window.rowMenu(/^Group fleet/, "Run on Group…");
  await window.quick.getByPlaceholder(/Type a command/).waitFor();
  await window.quick.getByRole("button", { name: "More Options" }).click();
  await window.quick.getByText("options follow").waitFor();
  await window.answer(/Type a command/, "exit 5");
  await window.choose(/Continue, or choose an option/, "Batches");
  await window.answer(/numbers of hosts or shares/, "1, 0%x");
  await window.answer(/Must be numbers of hosts or shares/, "1, 50%");
  await window.choose(/Continue, or choose an option/, "Stop After First Failure");
  await window.quick.getByText("1, 50%").waitFor();
  await window.pictures("job-options", ["light", "dark", "highContrast"]);
  await window.choice("Continue").click();
  await window.run.getByText("batches of 1, 50% · stops after the first failure").waitFor();
  await window.run.getByRole("button", { name: "Run on 2 hosts" }).click();
  await expect.poll(() => window.run.locator(".counts").innerText()).toBe("1 exit 5\n1 not started");
});

test("rows that are selected together run together, and who looks elsewhere is told of the end", async () => {
  const go = join(code.home, "go");
  await window.row(/^node1,/).click();
  await window.row(/^node3,/).click({ modifiers: ["Control"] });
  await window.rowMenu(/^node3,/, "Run on Host…");
  await window.answer(/Type a command/, `until test -e ${go}; do sleep 0.1; done; date +%N; exit 6`);
  await window.run.getByRole("button", { name: "Run on 2 hosts" }).click();
  await expect.poll(() => window.run.locator(".counts").innerText()).toBe("2 running");
  await window.command("Help: Welcome");
  await writeFile(go, "");
  const told = window.notification(/Job finished: 0 of 2 hosts ended with exit status 0\. Command: /);
  await told.waitFor();
  await window.pictures("job-notice", ["light", "dark", "highContrast"]);
  await told.getByRole("button", { name: "Show Results" }).click();
  await expect.poll(() => window.run.locator(".counts").innerText()).toBe("2 exit 6");
});

test("any output is compared with any other one, and results are saved as a file", async () => {
  await window.command("Hostrun: Run on Several Hosts…");
  await window.answer(/Select hosts, tags and groups/, "node*");
  await window.answer(/Type a command/, "date +%N");
  await window.run.getByRole("button", { name: "Run on 3 hosts" }).click();
  await window.run.getByRole("button", { name: "Compare with…" }).last().click();
  await window.quick.getByPlaceholder(/Choose the hosts to compare/).waitFor();
  expect(await window.quick.locator(".monaco-list-row").count()).toBe(2);
  await window.quick.locator(".monaco-list-row").last().click();
  await window.tab(/node\d ↔ node\d/).waitFor();
  await window.command("View: Close Editor");
  await window.run.getByRole("button", { name: "Copy or Save Results…" }).click();
  await window.choose(/Copy or save the results/, "Save as JSON…");
  await expect.poll(() => window.input.inputValue()).toMatch(/job-[\d-]+\.json$/);
  const path = await window.input.inputValue();
  await window.page.keyboard.press("Enter");
  const saved = async (): Promise<unknown> => JSON.parse(await readFile(path, "utf8").catch(() => "{}"));
  await expect.poll(saved).toMatchObject({
    job: { command: "date +%N", outcome: "succeeded" },
    hosts: [{ host: "node1", exitCode: 0 }, { host: "node2" }, { host: "node3" }],
  });
});

test("production hosts are named as such in the question, which Enter answers with no", async () => {
  await code.hostrun("hosts", "edit", "node2", "--production");
  await window.command("Hostrun: Run on Several Hosts…");
  // All of these names are one machine.
  await window.choice(`production · ${sshd.user}@127.0.0.1:${sshd.port}`).nth(2).waitFor();
  await window.answer(/Select hosts, tags and groups/, "node*");
  await window.answer(/Type a command/, `touch ${join(code.home, "production")}`);
  await window.run.getByText("Run this on 3 production hosts?").waitFor();
  await window.pictures("job-production", ["light", "dark", "highContrast"]);
  expect(await window.violations()).toEqual([]);
  await window.run.getByRole("button", { name: "Don't Run" }).press("Enter");
  await window.run.getByText("Run this on 3 production hosts?").waitFor({ state: "detached" });
  await expect(readFile(join(code.home, "production"))).rejects.toThrow("ENOENT");
});
