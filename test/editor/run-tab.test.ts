import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
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
  const config = `Host web1\n  HostName 127.0.0.1\n  User ${sshd.user}\n  Port ${sshd.port}\n`;
  ({ code, window } = await openEditor(owned, sshd, { config }));
  await window.showHostrun();
  await window.row(/^web1,/).waitFor();
});
endAfterTests(owned, () => window);

const clipboard = (): Promise<string> => window.page.evaluate("navigator.clipboard.readText()");

/** Runs a command by the palette. */
async function run(command: string): Promise<void> {
  await window.command("Hostrun: Run on Host…");
  await window.choose(/Choose the host/, "web1");
  await window.answer(/Type a command/, command);
}

describe("copying from a run's tab", () => {
  test("takes all output from the record, as text, whatever the screen holds", async () => {
    await run("echo to stderr >&2; seq 1 12000; printf '\\033[32mgreen\\033[0m\\r\\n'");
    await window.output("green");
    await window.run.getByRole("button", { name: "Copy Output" }).click();
    await window.run.locator(".notice", { hasText: "Copied all output" }).waitFor();
    await expect.poll(clipboard).toContain("12000");
    const text = await clipboard();
    // The two streams come in no order, so that it may be inside of a line.
    expect(text).toContain("to stderr\n");
    const numbers = Array.from({ length: 12_000 }, (_, index) => `${index + 1}\n`);
    expect(text.replace("to stderr\n", "")).toBe(`${numbers.join("")}green\n`);
  });

  test("has a context menu: Select All, Copy, Find, Save, Run Again", async () => {
    const screen = window.run.locator(".screen");
    const entries = window.page.locator(".context-view .monaco-menu");
    await screen.click({ button: "right", position: { x: 60, y: 40 } });
    await entries.getByRole("menuitem", { name: "Select All" }).waitFor();
    expect(await entries.getByRole("menuitem", { name: /^(Copy|Stop|Cut|Paste)$/ }).count()).toBe(0);
    await window.menu("Select All");
    await window.run.locator(".screen[data-vscode-context*='\"hostrunSelection\":true']").waitFor();
    await screen.click({ button: "right", position: { x: 60, y: 40 } });
    for (const name of ["Copy", "Copy Output", "Find in Output", "Save Output…", "Run Again"]) {
      await entries.getByRole("menuitem", { name, exact: true }).waitFor();
    }
    await window.pictures("output-menu");
    await entries.getByRole("menuitem", { name: "Copy", exact: true }).hover();
    await window.page.keyboard.press("Enter");
    await window.run.locator(".notice", { hasText: "Copied the selection" }).waitFor();
    const copied = async (): Promise<string> => (await clipboard()).replace("to stderr\n", "");
    await expect.poll(copied).toMatch(/^1\d{3}\n[^]*\n12000\ngreen\n*$/);
  });
});

describe("the keyboard", () => {
  test("is the output's as soon as a run is shown", async () => {
    await run("echo top; seq 1 300; echo bottom");
    await window.output("bottom");
    await window.page.keyboard.press("Home");
    await window.output("top");
  });
});

describe("a long output", () => {
  const editor = () => window.page.locator(".editor-instance .view-lines");

  test("says how much is not shown, and opens as a whole in an editor that cannot be typed into", async () => {
    const go = join(code.folder, "go");
    const wait = `while [ ! -e ${go} ]; do sleep 0.1; done`;
    await run(`echo 'the very first'; seq 1 12000; printf '\\033[31mred\\033[0m'; ${wait}; echo ' end'`);
    await window.output("red");
    await window.run.locator(".hidden-lines", { hasText: /^First 1,9\d\d lines not shown/ }).waitFor();
    await window.pictures("hidden-lines", ["highContrast", "light", "dark"]);
    await window.run.getByRole("button", { name: "Open Full Output" }).click();
    await editor().getByText("the very first", { exact: true }).waitFor();
    await window.tab(/^web1 echo 'the very first'.*\.log/).waitFor();
    await editor().click();
    await window.page.keyboard.type("x");
    await window.page.getByRole("paragraph").getByText("recorded output of a run cannot be edited").waitFor();
    await window.page.keyboard.press("Escape");
    await writeFile(go, "");
    await window.page.keyboard.press("Control+End");
    // Read again when the run has ended.
    await editor().getByText("red end", { exact: true }).waitFor();
    await window.pictures("full-output");
  });

  test("is offered to be saved where it is too long for an editor", async () => {
    await run("head -c 54000000 /dev/zero | tr '\\0' x | fold -w 1000");
    // The record does not wait for the screen.
    await window.row(/^head -c 54000000.*, exit 0/).waitFor();
    await window.command("Hostrun: Open Full Output");
    const note = window.notification(/The output is 51\.\d MiB, which is more than an editor can show/);
    await note.getByRole("button", { name: "Save Output…" }).waitFor();
    await window.dismissNotifications();
  });
});

describe("a run's tab", () => {
  const finished = () => window.notification(/Run finished on web1: echo begun.*\(exit 3\)/);
  const icon = (name: string): Promise<string> =>
    window.page.evaluate(`getComputedStyle([...document.querySelectorAll(".tabs-container .tab")]
      .find((tab) => tab.getAttribute("aria-label").startsWith(${JSON.stringify(name)}))
      .querySelector(".monaco-icon-label-iconpath")).backgroundImage`);

  test("shows by its icon how the run stands, also while it is hidden", async () => {
    const go = join(code.folder, "go-icon");
    await run(`echo begun; while [ ! -e ${go} ]; do sleep 0.1; done; exit 3`);
    await window.output("begun");
    await expect.poll(() => icon("web1: echo begun")).toContain("run-running-");
    await run("echo in front");
    await window.output("in front");
    await expect.poll(() => icon("web1: echo in front")).toContain("run-succeeded-");
    await window.pictures("tab-icons", ["highContrast", "light", "dark"]);
    await writeFile(go, "");
    // Without the mouse on it, it goes away after some seconds.
    await finished().hover();
    await expect.poll(() => icon("web1: echo begun")).toContain("run-failed-");
    await window.pictures("tab-icons-ended");
  });

  test("is called back by a notification when the run ends behind another one", async () => {
    await finished().getByRole("button", { name: "Show Output" }).click();
    await window.output("begun");
    await window.run.getByText("Exit 3", { exact: true }).waitFor();
  });

  test("is called back when it was closed", async () => {
    const go = join(code.folder, "go-closed");
    await run(`echo closing; while [ ! -e ${go} ]; do sleep 0.1; done; exit 5`);
    await window.output("closing");
    await window.command("View: Close Editor");
    await window.tab(/^web1: echo closing/).waitFor({ state: "detached" });
    await writeFile(go, "");
    await window.notification(/Run finished on web1: echo closing.*\(exit 5\)/).waitFor();
    await window.pictures("notice");
    await window.dismissNotifications();
  });
});

describe("standard input", () => {
  const field = () => window.run.getByLabel(/^Standard input/);

  test("is typed into a run's tab after it was run again in a terminal, and once more from there", async () => {
    await run(
      "[ -t 0 ] && echo on a terminal $(stty size | tr ' ' x); printf 'name? '; read -r name; echo hello $name",
    );
    await window.run.getByText("Exit 0", { exact: true }).waitFor();
    await window.run.getByRole("button", { name: "Run in a Terminal" }).first().click();
    // As large as the tab shows it.
    await window.output(/on a terminal (?!24x80)\d+x\d+/);
    await field().fill("world");
    await window.pictures("input", ["highContrast", "light", "dark"]);
    await field().press("Enter");
    await window.output("hello world");
    await window.run.getByText("Exit 0", { exact: true }).waitFor();
    await field().waitFor({ state: "hidden" });
    await window.run.getByRole("button", { name: "Run Again", exact: true }).click();
    await field().fill("again");
    await field().press("Enter");
    await window.output("hello again");
  });

  test("is noted where it was wanted and not given, and given then, with its end", async () => {
    await run("printf 'What is to be sorted? '; sort");
    const note = window.run.getByRole("note").filter({ hasText: "tried to read input" });
    await note.getByRole("button", { name: "Run with Input" }).click();
    await field().fill("b");
    await field().press("Enter");
    await field().fill("a");
    await field().press("Enter");
    await window.run.getByRole("button", { name: "End Input" }).click();
    await window.run.getByText("Exit 0", { exact: true }).waitFor();
    await window.command("Hostrun: Copy Output");
    await expect.poll(clipboard).toBe("What is to be sorted? a\nb\n");
  });
});

test("a command that reads standard input and was given none is noted, and can be typed to", async () => {
  await run("cat");
  const note = window.run
    .getByRole("note")
    .filter({ hasText: "cat reads standard input, and none was given." });
  await note.waitFor();
  await window.pictures("input-none", ["highContrast", "light", "dark"]);
  await note.getByRole("button", { name: "Run with Input" }).click();
  await window.run.getByText("It may be waiting for input").waitFor();
  const field = window.run.getByLabel(/^Standard input/);
  await field.fill("to be repeated");
  await field.press("Enter");
  await window.run.getByRole("button", { name: "End Input" }).click();
  await window.run.getByText("Exit 0", { exact: true }).waitFor();
  await window.command("Hostrun: Copy Output");
  await expect.poll(clipboard).toBe("to be repeated\n");
});

test("a command substitution is read aloud as it stands where commands are chosen", async () => {
  await window.command("Hostrun: Run on Host…");
  await window.choose(/Choose the host/, "web1");
  await window.type(/Type a command/, "echo $(date)");
  await window.quick.locator('.monaco-list-row[aria-label*="echo $\u200b(date)"]').waitFor();
  await window.page.keyboard.press("Escape");
});
