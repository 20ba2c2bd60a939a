import { execFile } from "node:child_process";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { openDaemon } from "../../client/daemon.ts";
import type { CodeServer } from "../support/code-server.ts";
import { endAfterTests, openEditor } from "../support/editor.ts";
import { openSshd, type Sshd } from "../support/sshd.ts";
import type { Workbench } from "../support/workbench.ts";

const execute = promisify(execFile);
const all = ["light", "dark", "highContrast"] as const;
const owned = new AsyncDisposableStack();
let code: CodeServer;
let sshd: Sshd;
let window: Workbench;
let configText: string;

beforeAll(async () => {
  sshd = owned.use(await openSshd());
  ({ code, window } = await openEditor(owned, sshd, {
    settings: { "hostrun.redisUrl": "redis://:geheim@127.0.0.1:9/", "hostrun.hostKeyPolicy": "strict" },
    files: { "script.sh": '#!/bin/bash\nset -u\necho "from bash $((40 + 2)), it\'s line $LINENO"\n' },
  }));
  const where = `  HostName 127.0.0.1\n  User ${sshd.user}\n  Port ${sshd.port}\n`;
  configText = `# mine\n\nHost web1\n${where}\nHost gone\n  HostName 127.0.0.1\n  Port 9\n`;
});
endAfterTests(owned, () => window);

const config = (): string => join(code.home, ".ssh/config");
const clipboard = (): Promise<string> => window.page.evaluate("navigator.clipboard.readText()");

/** The commands of Hostrun that the palette lists. */
async function palette(title: string): Promise<readonly string[]> {
  await window.page.keyboard.press("F1");
  await window.input.fill(`>${title}`);
  await window.quick.locator(".monaco-list-row").first().waitFor();
  const rows = await window.quick.locator(".monaco-list-row").allTextContents();
  await window.page.keyboard.press("Escape");
  await window.quick.waitFor({ state: "hidden" });
  return rows;
}

async function focusHosts(): Promise<void> {
  await window.command("Hostrun: Focus on Hosts View");
  await window.page.locator(".pane-body .monaco-list:focus").waitFor();
}

describe("without an SSH config", () => {
  test("an import says what was not found, and what to do", async () => {
    await window.showHostrun();
    await window.page.getByRole("button", { name: "Import from SSH Config" }).click();
    const told = window.notification("No hosts found in ~/.ssh/config.");
    // Without the mouse on it, it goes away after some seconds.
    await told.hover();
    expect(await told.locator(".codicon-error").count()).toBe(0);
    await window.pictures("import-none", all);
    await told.getByRole("button", { name: "Choose File…" }).waitFor();
    await told.getByRole("button", { name: "Add Host" }).click();
    await window.quick.getByText("Add Host").first().waitFor();
    await window.page.keyboard.press("Escape");
  });

  test("a config that comes is shown at once, and one that changes, too", async () => {
    await writeFile(config(), configText);
    await window.row(/^web1, idle, SSH config, /).waitFor();
    configText += "Host later\n  HostName 10.0.0.9\n";
    await writeFile(config(), configText);
    await window.row(/^later, idle, SSH config, \w+@10\.0\.0\.9/).waitFor();
  });
});

describe("a window", () => {
  test("that is loaded again shows its hosts without an odd word before, and leaves the daemon's settings alone", async () => {
    const file = join(code.stateDirectory, "config.json");
    // The daemon shows this URL without its password, which must not be taken for another value.
    const url = "redis://:geheim@127.0.0.1:9/";
    const read = async (): Promise<unknown> => JSON.parse(await readFile(file, "utf8"));
    await expect.poll(read).toMatchObject({ redisUrl: url });
    const before = await stat(file);
    await window.page.addInitScript(watchFor("There is no data provider registered"));
    await window.reload();
    await window.row(/^web1, idle/).waitFor();
    expect(await window.page.evaluate("seen")).toBe(false);
    await window.page.getByRole("button", { name: /Hostrun, The daemon is running/ }).waitFor();
    // Nothing goes on looking busy.
    await window.page.locator(".activitybar .badge .codicon-progress-badge").waitFor({ state: "detached" });
    await using daemon = await openDaemon({ stateDirectory: code.stateDirectory });
    expect((await daemon.call("getSettings")).values.redisUrl).toContain("***");
    const after = await stat(file);
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
  });

  test("shows the settings from the status bar, though it is a remote one", async () => {
    await window.page.getByRole("button", { name: /Hostrun, The daemon is running/ }).click();
    await window.choice("Settings").click();
    await window.page
      .locator(".settings-editor .setting-item-label", { hasText: "Confirm Production" })
      .waitFor();
    await window.pictures("settings", ["dark"]);
    // VS Code shows them in a window of their own above the others.
    await window.page.keyboard.press("Escape");
    await window.page.locator(".settings-editor").waitFor({ state: "detached" });
  });

  test("shows no broken picture on the extension's page, and no link that leads nowhere", async () => {
    // VS Code offers "Show Installed Extensions" only once it has got as far as its gallery.
    await window.command("View: Show Extensions");
    await window.page.locator(".extension-list-item", { hasText: "Hostrun" }).first().click();
    await window.run.getByText("Run commands on your SSH hosts at the speed").first().waitFor();
    expect(await window.run.locator("img").count()).toBe(0);
    // Nothing but addresses of web servers and places of the page itself works there.
    expect(await window.run.locator("a[href]:not([href^='http'], [href^='#'])").count()).toBe(0);
    await window.page.keyboard.press("Escape");
    await window.command("View: Close All Editors");
    await window.showHostrun();
  });
});

describe("hosts of the SSH config", () => {
  test("are edited at their line", async () => {
    await window.rowMenu(/^gone,/, "Edit Host");
    await window.tab("config").waitFor();
    const line = configText.split("\n").indexOf("Host gone") + 1;
    await window.page.getByRole("button", { name: new RegExp(`Ln ${line}, Col 1`) }).waitFor();
    await window.command("View: Close All Editors");
  });

  test("are marked, grouped and coloured, and their file stays as it is", async () => {
    await window.rowMenu(/^web1,/, "Mark as Production");
    await window.row(/^web1, idle, production, SSH config, /).waitFor();
    await window.rowMenu(/^web1,/, "Group…");
    await window.answer(/^Group/, "prod/web");
    await window.row("Group prod/web").waitFor();
    await window.rowMenu(/^gone,/, "Color…");
    await window.choose(/color of its row/, "Purple");
    const color = (): Promise<unknown> => window.page.evaluate(goneColor);
    await expect.poll(color).toBe(await window.page.evaluate(purple));
    expect(await readFile(config(), "utf8")).toBe(configText);
    // VS Code takes no other colour in a row: the nearest of the theme is shown.
    await using daemon = await openDaemon({ stateDirectory: code.stateDirectory });
    await daemon.call("updateHost", { params: { host: "gone" }, body: { color: "#0a55ff" } });
    await expect.poll(color).toBe(await window.page.evaluate(blue));
    await window.rowMenu(/^gone,/, "Color…");
    await window.choice("#0a55ff").getByText("shown in the theme's nearest color").waitFor();
    await window.pictures("row-colors", all);
    await window.page.keyboard.press("Escape");
    await window.quick.waitFor({ state: "hidden" });
    // The mark is seen in any width, and read aloud in words.
    expect(await window.page.evaluate(web1Badge)).toContain("P");
    await window.pictures("marked-hosts", all);
  });

  test("are imported as they were chosen, and say what becomes of their row when they are deleted", async () => {
    await window.command("Hostrun: Import from SSH Config");
    await window.quick.getByPlaceholder(/Choose the hosts to import from ~\/\.ssh\/config/).waitFor();
    await window.pictures("import-choose", all);
    await window.choice("gone").click();
    await window.quick.getByText("2 Selected").waitFor();
    await window.choice("later").click();
    await window.quick.getByText("1 Selected").waitFor();
    await window.quick.getByRole("button", { name: "OK" }).click();
    await window.notification("Imported 1 host.").waitFor();
    await window.row(/^web1, idle, production, root@/).waitFor();
    await window.row(/^gone, idle, SSH config, /).waitFor();
    await window.dismissNotifications();

    await window.rowMenu(/^web1,/, "Delete Host");
    const dialog = window.dialog('Delete host "web1"?');
    expect(await dialog.textContent()).toContain(
      "It stays in the list as a host in the SSH config (~/.ssh/config, line 3)",
    );
    await window.pictures("delete-imported", all);
    await dialog.getByRole("button", { name: "Delete" }).click();
    await window.row(/^web1, idle, production, SSH config, /).waitFor();
  });
});

describe("a row", () => {
  test("shows its host by a click, a double click and Enter", async () => {
    const title = (host: string) => window.quick.locator(".quick-input-title", { hasText: host });
    await window.row(/^gone,/).dblclick();
    await title("gone").waitFor();
    // Each click opens a list in place of the one before, from which it takes the focus.
    await window.row(/^later,/).click();
    await title("later").waitFor();
    await window.input.and(window.page.locator(":focus")).waitFor();
    await window.page.keyboard.press("Escape");
    await window.quick.waitFor({ state: "hidden" });
    await focusHosts();
    await window.page.keyboard.press("Enter");
    await window.choice("Run Command…").waitFor();
    await window.pictures("row-default", ["dark"]);
    await window.page.keyboard.press("Escape");
  });

  test("that has the focus, and not one that was clicked, is meant by F2 and Delete", async () => {
    await window.row(/^gone,/).click();
    await window.choice("Run Command…").waitFor();
    await window.page.keyboard.press("Escape");
    await window.quick.waitFor({ state: "hidden" });
    await focusHosts();
    await window.page.keyboard.press("End");
    await window.page.keyboard.press("F2");
    await window.tab("config").waitFor();
    const line = configText.split("\n").indexOf("Host later") + 1;
    await window.page.getByRole("button", { name: new RegExp(`Ln ${line}, Col 1`) }).waitFor();
    await window.command("View: Close All Editors");
    await focusHosts();
    await window.page.keyboard.press("Delete");
    await window.notification(/later is a host in the SSH config/).waitFor();
    await window.dismissNotifications();
  });

  test("of a group has a menu and keys: it is renamed and removed with its hosts kept", async () => {
    await window.rowMenu("Group prod/web", "Rename Group");
    await window.answer(/Name of the group/, "live/web");
    await window.row("Group live/web").waitFor();
    await window.row("Group prod/web").waitFor({ state: "detached" });
    await window.row("Group live/web").click({ button: "right" });
    await window.page.getByRole("menuitem", { name: "Add Host to Group" }).waitFor();
    await window.pictures("group-menu", ["dark"]);
    await window.page.keyboard.press("Escape");
    await focusHosts();
    await window.page.keyboard.press("Home");
    await window.page.keyboard.press("ArrowDown");
    await window.page.keyboard.press("Delete");
    const dialog = window.dialog('Remove the group "live/web"?');
    await dialog.getByRole("button", { name: "Remove Group" }).click();
    await window.row("Group live/web").waitFor({ state: "detached" });
    await window.row(/^web1, idle, production, SSH config/).waitFor();
    await window.rowMenu(/^web1,/, "Unmark as Production");
    await window.row(/^web1, idle, SSH config/).waitFor();
  });
});

describe("the palette", () => {
  test("lists no command that can do nothing", async () => {
    expect(await palette("Hostrun: Cancel Run")).not.toContainEqual(
      expect.stringMatching(/Hostrun: Cancel Run/),
    );
    expect(await palette("Hostrun: Copy Command")).not.toContainEqual(
      expect.stringMatching(/Hostrun: Copy Command/),
    );
    expect(await palette("Hostrun: Start Daemon")).not.toContainEqual(
      expect.stringMatching(/Hostrun: Start/),
    );
    expect(await palette("Hostrun: Stop Daemon")).toContainEqual(
      expect.stringMatching(/Hostrun: Stop Daemon/),
    );
    expect(await palette("Hostrun: Edit Host")).toContainEqual(expect.stringMatching(/Hostrun: Edit Host/));
  });
});

/** Sets `seen` to true when a text can be seen, from the first frame of the page on. */
const watchFor = (text: string): string => `{
  globalThis.seen = false;
  const look = () => {
    if (document.body?.innerText.includes(${JSON.stringify(text)})) globalThis.seen = true;
    requestAnimationFrame(look);
  };
  look();
}`;

/** What stands at the right end of the row. */
const web1Badge = `[...document.querySelector("[role=treeitem][aria-label^='web1,']").querySelectorAll("*")]
  .map((part) => getComputedStyle(part, "::after").content).join(" ")`;

/** The colour of the row's name. */
const goneColor = `getComputedStyle(document.querySelector("[role=treeitem][aria-label^='gone,'] .label-name")).color`;

/** The colour of the theme, as a browser computes it. */
const themed = (name: string): string => `(() => {
  const probe = document.createElement("i");
  probe.style.color = "var(--vscode-charts-${name})";
  document.querySelector(".monaco-workbench").append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
})()`;
const purple = themed("purple");
const blue = themed("blue");

describe("a run", () => {
  test("that failed opens its own log, and has the buttons that mend it", async () => {
    await window.rowAction(/^gone,/, "Run on Host");
    await window.answer(/Type a command/, "echo never");
    await window.run.getByText("The host could not be reached").waitFor();
    await window.run.getByRole("button", { name: "Open SSH Config" }).waitFor();
    await window.pictures("problem-buttons", all);
    await window.run.getByRole("button", { name: "Copy", exact: true }).click();
    await expect.poll(clipboard).toContain("host_unreachable");
    await window.run.getByRole("button", { name: "Show Log" }).click();
    await window.tab(/gone echo never/).waitFor();
    const text = window.page.locator(".editor-instance .view-lines");
    await expect.poll(() => text.textContent()).toMatch(/Run\s[0-9a-f-]{36}\son\sgone/);
    expect(await text.textContent()).toMatch(/echo\snever/);
    await window.pictures("run-log", all);
    await window.tab(/^gone: echo never/).click();
    await window.run.getByRole("button", { name: "Open SSH Config" }).click();
    const line = configText.split("\n").indexOf("Host gone") + 1;
    await window.page.getByRole("button", { name: new RegExp(`Ln ${line}, Col 1`) }).waitFor();
    await window.command("View: Close All Editors");
  });

  test("that failed by its host or by a setting leads to it", async () => {
    await using daemon = await openDaemon({ stateDirectory: code.stateDirectory });
    const { port, user } = sshd;
    await daemon.call("createHost", { body: { name: "closed", address: "127.0.0.1", port: 9 } });
    await window.rowAction(/^closed,/, "Run on Host");
    await window.answer(/Type a command/, "echo closed");
    await window.run.getByText("The host could not be reached").waitFor();
    await window.run.getByRole("button", { name: "Edit Host" }).click();
    await window.quick.getByPlaceholder("Choose what to change").waitFor();
    await window.quick.getByText("Edit closed").waitFor();
    await window.page.keyboard.press("Escape");
    await window.quick.waitFor({ state: "hidden" });

    await daemon.call("createHost", { body: { name: "strange", address: "localhost", port, user } });
    await window.rowAction(/^strange,/, "Run on Host");
    await window.answer(/Type a command/, "echo strange");
    await window.run.getByText("Unknown host key").waitFor();
    await window.pictures("problem-setting", all);
    // The policy is strict: nobody is asked to trust the key.
    expect(await window.dialog("The host key of strange is not known yet").count()).toBe(0);
    await window.run.getByRole("button", { name: "Open Setting" }).click();
    await window.page
      .locator(".settings-editor .setting-item-label", { hasText: "Host Key Policy" })
      .waitFor();
    await window.page.keyboard.press("Escape");
    await window.page.locator(".settings-editor").waitFor({ state: "detached" });
    await window.command("View: Close All Editors");
    await window.rowMenu(/^strange,/, "Test Connection");
    await window.notification(/strange failed the test at: .*policy is strict/).waitFor();
    await window.dismissNotifications();
    for (const host of ["closed", "strange"]) await daemon.call("deleteHost", { params: { host } });
  });

  test("whose host key has changed leads to the line of the old one", async () => {
    const known = join(code.home, ".ssh/known_hosts");
    const other = await readFile(`${sshd.clientKey.path}.pub`, "utf8");
    await writeFile(known, `# of mine\n[localhost]:${sshd.port} ${other}${sshd.knownHosts}`);
    await using daemon = await openDaemon({ stateDirectory: code.stateDirectory });
    const { port, user } = sshd;
    await daemon.call("createHost", { body: { name: "moved", address: "localhost", port, user } });
    await window.rowAction(/^moved,/, "Run on Host");
    await window.answer(/Type a command/, "echo moved");
    await window.run.getByText("Host key changed").waitFor();
    await window.pictures("host-key-changed");
    await window.run.getByRole("button", { name: "Open known_hosts" }).click();
    await window.page.getByRole("button", { name: /Ln 2, Col 1/ }).waitFor();
    await window.command("View: Close All Editors");
    await daemon.call("deleteHost", { params: { host: "moved" } });
    await writeFile(known, sshd.knownHosts);
  });

  test("of a file, by the interpreter that it names", async () => {
    await window.openFile("script.sh");
    await window.command("Hostrun: Run File on Host…");
    await window.choose(/Choose the host/, "web1");
    await window.output("from bash 42, it's line 3");
    await window.command("View: Close All Editors");
  });

  test("is found by its output, and by how it ended", async () => {
    await window.rowAction(/^web1,/, "Run on Host");
    await window.answer(/Type a command/, "echo $(echo haystack needle); exit 3");
    await window.output("haystack needle");
    // What a command has of \`$(\` is read aloud whole.
    await window.row(/^echo \$\(echo haystack needle\); exit 3, exit 3, web1, /).waitFor();
    await window.pictures("run-rows", all);
    await window.command("Hostrun: Filter Runs…");
    await window.choice("Succeeded").click();
    await window.row(/^echo never/).waitFor({ state: "detached" });
    await window.row(/^echo \$/).waitFor({ state: "detached" });
    await window.command("Hostrun: Show All Runs");
    await window.row(/^echo never/).waitFor();
    await window.command("Hostrun: Search Runs…");
    await window.answer(/Search runs by command/, "from bash 42");
    await window.row(/^echo never/).waitFor({ state: "detached" });
    await window.row(/^\/bin\/bash -c/).waitFor();
    await window.pictures("runs-searched", all);
    await window.command("Hostrun: Search Runs…");
    await window.answer(/Search runs by command/, "no run has this");
    await window.page.getByText("No runs match the filter.").waitFor();
    await window.page.getByRole("button", { name: "Show All Runs" }).click();
    await window.row(/^echo never/).waitFor();
  });

  test("is deleted after a question, and its command copied", async () => {
    await window.rowMenu(/^echo never/, "Copy Command");
    await expect.poll(clipboard).toBe("echo never");
    await window.lastRow("Runs");
    await window.page.keyboard.press("Delete");
    const dialog = window.dialog("Delete this run and its output?");
    expect(await dialog.textContent()).toContain("gone: echo never");
    await dialog.getByRole("button", { name: "Delete" }).click();
    await window.row(/^echo never/).waitFor({ state: "detached" });
  });
});

test("hostrun is put where a shell finds it, and starts the bundled command line", async () => {
  await window.command("Hostrun: Install 'hostrun' Command in PATH");
  await window.notification(/Installed hostrun as ~\/\.local\/bin\/hostrun/).waitFor();
  await window.pictures("install-cli", ["dark"]);
  const env = { HOME: code.home, HOSTRUN_HOME: code.stateDirectory, PATH: "/usr/bin:/bin" };
  const { stdout } = await execute(join(code.home, ".local/bin/hostrun"), ["hosts", "list"], { env });
  expect(stdout).toContain("web1");
});

test("a host that is added without a port has the one that the SSH config says", async () => {
  configText += "Host fresh.example.org\n  Port 2201\n";
  await writeFile(config(), configText);
  await window.row(/^fresh\.example\.org, idle, SSH config, (?:\w+@)?fresh\.example\.org:2201/).waitFor();
  await window.command("Hostrun: Add Host…");
  await window.type(/^Address of the host/, "fresh.example.org");
  await window.quick.getByText("Add fresh.example.org as fresh.example.org").waitFor();
  await window.page.keyboard.press("Enter");
  await window.row(/^fresh\.example\.org, idle, (?:\w+@)?fresh\.example\.org:2201/).waitFor();
});
