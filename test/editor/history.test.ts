import { beforeAll, expect, test } from "vitest";
import { openDaemon } from "../../client/daemon.ts";
import type { CodeServer } from "../support/code-server.ts";
import { endAfterTests, openEditor } from "../support/editor.ts";
import { openSshd } from "../support/sshd.ts";
import type { Workbench } from "../support/workbench.ts";

const owned = new AsyncDisposableStack();
let code: CodeServer;
let window: Workbench;

beforeAll(async () => {
  const sshd = owned.use(await openSshd());
  const config = `Host node1 node2\n  HostName 127.0.0.1\n  User ${sshd.user}\n  Port ${sshd.port}\n`;
  ({ code, window } = await openEditor(owned, sshd, { config }));
  await window.showHostrun();
  await window.row(/^node1,/).waitFor();
  await using daemon = await openDaemon({ stateDirectory: code.stateDirectory });
  for (const [host, command] of [
    ["node1", "cat /proc/uptime"],
    ["node2", "echo odd; exit 3"],
    ["node1", "cat /proc/uptime"],
  ] as const) {
    await daemon.call("createRun", { body: { host, command } });
  }
  await window
    .row(/^cat .*exit 0/)
    .nth(1)
    .waitFor();
  await window.row(/^echo odd.*exit 3/).waitFor();
});
endAfterTests(owned, () => window);

const runs = () => window.row(/^(?:cat|echo) /);

test("runs are searched by filters, and one that there is not is refused while it is typed", async () => {
  await window.command("Hostrun: Search Runs…");
  await window.type(/Search runs by command/, "hots:node1");
  await window.answer(/There is no filter hots:/, "host:node2 is:failed");
  await expect.poll(() => runs().count()).toBe(1);
  await window.row(/^echo odd.*exit 3/).waitFor();
  await window.command("Hostrun: Search Runs…");
  await window.answer(/Search runs by command/, "!host:node2");
  await window.row(/^echo odd.*exit 3/).waitFor({ state: "detached" });
  await expect.poll(() => runs().count()).toBeGreaterThan(0);
  await window.command("Hostrun: Search Runs…");
  await window.answer(/Search runs by command/, "host:nosuch");
  await window.notification("There is no host named nosuch, and no run on it is kept.").waitFor();
  await window.dismissNotifications();
  await window.command("Hostrun: Show All Runs");
  await expect.poll(() => runs().count()).toBe(3);
});

test("a pinned run stands above the others, and a note in its row", async () => {
  await window.row(/^echo odd/).click({ button: "right" });
  await window.page.getByRole("menuitem", { name: "Pin", exact: true }).hover();
  await window.page.keyboard.press("Enter");
  await window.row("Pinned, 1 row").waitFor();
  await window.row(/^echo odd/).click();
  // A tab that comes up takes the keyboard.
  await window.output("odd");
  await window.command("Hostrun: Focus on Runs View");
  await window.page.locator(".pane-body .monaco-list:focus").waitFor();
  await window.page.keyboard.press("F2");
  await window.answer(/A line about this run/, "before the fix");
  await window.row(/^echo odd.*before the fix/).waitFor();
});

test("a run's page shows its note, where it is edited, too", async () => {
  const note = (text: string) => window.run.getByRole("button", { name: `Note: ${text}` });
  await note("before the fix").waitFor();
  await window.pictures("note", ["light", "dark", "highContrast"]);
  await note("before the fix").click();
  await window.answer(/A line about this run/, "before the fix of the disk");
  await note("before the fix of the disk").waitFor();
  await window.row(/^echo odd.*fix of the disk/).waitFor();
  await window.run.getByRole("button", { name: "Edit Note…" }).click();
  await window.answer(/A line about this run/, "before the fix");
  await note("before the fix").waitFor();
});

test("a run is compared with the one before, and two that are selected with each other", async () => {
  const difference = window.page.locator(".monaco-diff-editor");
  await window.row(/^cat/).first().click({ button: "right" });
  await window.menu("Compare with Previous Run");
  await window.tab("node1 ↔ node1").waitFor();
  await difference.locator(".editor.modified .view-line").first().waitFor();
  await window.command("View: Close All Editors");
  await window.row(/^cat/).first().click();
  await window.row(/^echo odd/).click({ modifiers: ["Control"] });
  await window.row(/^echo odd/).click({ button: "right" });
  await window.menu("Compare Runs");
  await window.tab("node2 ↔ node1").waitFor();
  await difference.locator(".editor.original .view-line", { hasText: "odd" }).waitFor();
  await window.command("View: Close All Editors");
});

test("runs stand in groups, the pinned ones above", async () => {
  await window.command("Hostrun: Group Runs By…");
  await window.choose(/Choose what to group the runs by/, "Host");
  await window.row("node1, 2 rows").waitFor();
  await expect.poll(() => runs().count()).toBe(3);
  await window.pictures("runs-by-host", ["light", "dark", "highContrast"]);
  await window.command("Hostrun: Group Runs By…");
  await window.choose(/Choose what to group the runs by/, "Day");
  await window.row("Today, 2 rows").waitFor();
  await window.pictures("runs-by-day", ["dark"]);
});

test("a command runs on another host", async () => {
  // VS Code thinks that two rows are still selected until another one is, since they moved into groups.
  await window.row(/^cat/).first().click();
  await window.tab(/node1/).waitFor();
  await window.rowMenu(/^echo odd/, "Run on Another Host…");
  await window.choose(/Choose the host/, "node1");
  await window.output("odd");
  await window.row(/^echo odd; exit 3, exit 3, node1/).waitFor();
});

test("what is shown is deleted after a question for how many, and pinned runs are kept", async () => {
  await window.command("Hostrun: Delete Shown Runs…");
  const dialog = window.dialog("Delete these runs and their output?");
  expect(await dialog.textContent()).toContain("Pinned runs among them: 1. They are kept.");
  await window.pictures("delete-shown-runs", ["dark"]);
  await dialog.getByRole("button", { name: "Delete 3 Runs", exact: true }).click();
  await expect.poll(() => runs().count()).toBe(1);
  await window.row(/^echo odd.*node2.*before the fix/).waitFor();
});

test("a run that is chosen from a list has its exit code in sight, however long its command is", async () => {
  await using daemon = await openDaemon({ stateDirectory: code.stateDirectory });
  const command = `true ${"a-long-argument ".repeat(20)}; exit 7`;
  await daemon.call("createRun", { body: { host: "node1", command } });
  await window.row(/^true a-long-argument.*exit 7/).waitFor();
  await window.command("View: Close All Editors");
  await window.command("Hostrun: Open Run");
  const entry = window.choice("a-long-argument");
  const end = entry.getByText(/exit 7 · node1/);
  await end.waitFor();
  await window.pictures("choose-run", ["light", "dark"]);
  // Text that is cut off still has its whole width.
  const [text, row] = [await end.boundingBox(), await entry.boundingBox()];
  expect((text?.x ?? 0) + (text?.width ?? Infinity)).toBeLessThan((row?.x ?? 0) + (row?.width ?? 0));
  await window.input.fill("exit 7");
  await end.waitFor();
  await window.page.keyboard.press("Enter");
  await window.tab(/node1/).waitFor();
});
