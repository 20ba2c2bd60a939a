import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { openDaemon } from "../../client/daemon.ts";
import type { CodeServer } from "../support/code-server.ts";
import { endAfterTests, openEditor } from "../support/editor.ts";
import { processesOf } from "../support/processes.ts";
import { endProcesses } from "../support/server-process.ts";
import { openSshd, type Sshd } from "../support/sshd.ts";
import { openUnixUser, type UnixUser } from "../support/unix-user.ts";
import type { Workbench } from "../support/workbench.ts";

const owned = new AsyncDisposableStack();
let code: CodeServer;
let sshd: Sshd;
let worker: UnixUser;
let window: Workbench;

beforeAll(async () => {
  sshd = owned.use(await openSshd());
  worker = owned.use(await openUnixUser());
  // A killed session leaves its command behind, and the next account may get the same number.
  owned.defer(async () => endProcesses(await processesOf(worker.name, /./)));
  // [127.0.0.1] is known by what sshd tells, localhost is not.
  const hosts = [
    ["web1", "127.0.0.1", sshd.user],
    ["worker", "127.0.0.1", worker.name],
    ["stranger", "localhost", sshd.user],
  ];
  const config = hosts.map(
    ([name, address, user]) => `Host ${name}\n  HostName ${address}\n  User ${user}\n`,
  );
  ({ code, window } = await openEditor(owned, sshd, {
    files: { "notes.sh": "echo the first line\necho from the $((40 + 2))nd\necho selection\nexit 4\n" },
    config: `${config.join("")}Host *\n  Port ${sshd.port}\n`,
  }));
});
endAfterTests(owned, () => window);

/** Runs a command by the palette; the host is chosen by its name. */
async function runByPalette(host: string, command: string): Promise<void> {
  await window.command("Hostrun: Run on Host…");
  await window.choose(/Choose the host/, host);
  await window.answer(/Type a command/, command);
}

test("hosts of ~/.ssh/config are shown without an import, and say where they are from", async () => {
  await window.showHostrun();
  for (const name of ["web1", "worker", "stranger"]) {
    await window.row(new RegExp(`^${name}, idle, SSH config, `)).waitFor();
  }
  await window.pictures("hosts");
});

describe("Run on Host", () => {
  test("by the palette: output, standard error and exit code", async () => {
    await runByPalette("web1", "echo to stdout; echo to stderr >&2; exit 3");
    await window.output("to stdout");
    await window.output("to stderr");
    await window.run.getByText("Exit 3", { exact: true }).waitFor();
    await window.tab(/^web1: echo to stdout/).waitFor();
    await window.row(/^echo to stdout.*, exit 3, web1,/).waitFor();
    await window.row(/^web1, connected/).waitFor();
    await window.pictures("run-ended", ["light", "dark", "highContrast"]);
  });

  test("by the tree: the host is known, the command is asked for, and recent ones are offered", async () => {
    await window.rowAction(/^web1,/, "Run on Host");
    await window.quick.getByPlaceholder(/Type a command/).waitFor();
    await window.choice("echo to stdout; echo to stderr >&2; exit 3").waitFor();
    await window.pictures("command");
    await window.answer(/Type a command/, "echo by the $(echo tree)");
    await window.output("by the tree");
    await window.run.getByText("Exit 0", { exact: true }).waitFor();
    // A tab each: the one before is still there.
    await window.tab(/^web1: echo to stdout/).waitFor();
  });

  test("with a way back that keeps what was typed", async () => {
    await window.command("Hostrun: Run on Host…");
    await window.choose(/Choose the host/, "web1");
    await window.type(/Type a command/, "echo half of it");
    await window.quick.getByRole("button", { name: "Back" }).click();
    await window.choose(/Choose the host/, "worker");
    await window.quick.getByPlaceholder(/Type a command/).waitFor();
    expect(await window.input.inputValue()).toBe("echo half of it");
    await window.page.keyboard.press("Escape");
    await window.quick.waitFor({ state: "hidden" });
  });

  test("several at once, cancelled one by one, and the processes end on the host", async () => {
    await runByPalette("worker", "echo one; sleep 1000");
    await window.output("one");
    await runByPalette("worker", "echo two; sleep 1000");
    await window.output("two");
    await expect.poll(() => processesOf(worker.name, /^sleep 1000$/)).toHaveLength(2);
    await window.page.getByRole("button", { name: /Hostrun, .*2 commands are running/ }).waitFor();
    await window.pictures("run-running");

    await window.run.getByRole("button", { name: /^Stop/ }).click();
    await window.run.getByText("Cancelled", { exact: true }).waitFor();
    await expect.poll(() => processesOf(worker.name, /^sleep 1000$/)).toHaveLength(1);

    await window.rowAction(/^echo one.*, running/, "Cancel Run");
    await window.row(/^echo one.*, cancelled/).waitFor();
    await expect.poll(() => processesOf(worker.name, /^sleep 1000$/)).toHaveLength(0);
  });
});

describe("from the editor", () => {
  test("runs the selection as it stands, over several lines", async () => {
    await window.openFile("notes.sh");
    await window.command("Go to Line/Column...");
    await expect.poll(() => window.input.inputValue()).toBe(":");
    await window.input.fill(":2");
    await window.page.keyboard.press("Enter");
    await window.quick.waitFor({ state: "hidden" });
    await window.page.keyboard.press("Shift+ArrowDown");
    await window.page.keyboard.press("Shift+ArrowDown");
    await window.page.keyboard.press("Control+Alt+H");
    await window.choose(/Choose the host/, "web1");
    await window.output(/from the 42nd\s*selection/);
    await window.run.getByText("Exit 0", { exact: true }).waitFor();
  });

  test("runs the line of the cursor by the context menu when nothing is selected", async () => {
    await window.openFile("notes.sh");
    await window.page.keyboard.press("Control+Home");
    await window.page.locator(".view-line", { hasText: "the first line" }).click({ button: "right" });
    await window.menu("Run Current Line on Host");
    await window.choose(/Choose the host/, "web1");
    await window.output("the first line");
    await window.run.getByText("Exit 0", { exact: true }).waitFor();
  });
});

describe("an unknown host key", () => {
  test("is shown with its fingerprint, and nothing runs unless it is trusted", async () => {
    await runByPalette("stranger", "echo now we know each other");
    const dialog = window.dialog("The host key of stranger is not known yet");
    await dialog.waitFor();
    const text = await dialog.textContent();
    expect(text).toContain(sshd.hostKeys[0]?.fingerprint);
    expect(text).toContain("ssh-ed25519");
    expect(text).toContain("localhost");
    await window.pictures("trust");
    // A stray key trusts nothing.
    await window.page.keyboard.press("Enter");
    await dialog.waitFor({ state: "hidden" });
    expect(await readFile(join(code.stateDirectory, "known_hosts"), "utf8").catch(() => "")).toBe("");
    await window.row(/^stranger, failed/).waitFor();
    await window.pictures("host-key-unknown");
  });

  test("is asked about with the keyboard on the harmless answer, although the run's tab comes to the front", async () => {
    const dialog = window.dialog("The host key of stranger is not known yet");
    for (let count = 1; count <= 5; count += 1) {
      await runByPalette("stranger", "echo now we know each other");
      await dialog.waitFor();
      await window.run.locator(".panel").waitFor();
      await expect.poll(() => dialog.locator("a.monaco-button:focus").textContent()).toBe("Don't Trust");
      await window.page.keyboard.press("Enter");
      await dialog.waitFor({ state: "hidden" });
    }
  });

  test("is recorded by Trust and Run, which then runs the command in the same tab", async () => {
    await window.run.getByRole("button", { name: "Trust and Run" }).click();
    const dialog = window.dialog("The host key of stranger is not known yet");
    await dialog.getByRole("button", { name: "Trust and Run" }).click();
    await window.output("now we know each other");
    await window.row(/^stranger, connected/).waitFor();
    const known = await readFile(join(code.stateDirectory, "known_hosts"), "utf8");
    const key = sshd.hostKeys[0]?.publicKey.split(" ")[1];
    expect(known).toContain(key);
  });
});

describe("a run's tab", () => {
  test("finds its output again when it was hidden", async () => {
    await window.tab(/^web1: echo to stdout/).click();
    await window.output("to stderr");
    await window.run.getByText("Exit 3", { exact: true }).waitFor();
  });

  test("saves the output byte for byte", async () => {
    await window.run.getByRole("button", { name: "Save Output…" }).click();
    // VS Code's own dialog proposes a name in the opened folder.
    await expect.poll(() => window.input.inputValue()).toMatch(/web1-[-\d]+\.txt$/);
    await window.page.keyboard.press("Enter");
    const saved = window.notification(/Saved the output/);
    await saved.waitFor();
    const file = /\S+\/web1-[-\d]+\.txt/.exec((await saved.textContent()) ?? "")?.[0] ?? "";
    expect(file.startsWith(code.folder)).toBe(true);
    expect(await readFile(file, "utf8")).toBe("to stdout\nto stderr\n");
  });

  test("runs its command again in the same tab", async () => {
    await window.tab(/^web1: echo by the/).click();
    await window.output("by the tree");
    await window.run.getByRole("button", { name: "Run Again" }).click();
    await expect.poll(() => window.row(/^echo by the .*, exit 0, web1,/).count()).toBe(2);
    await window.output("by the tree");
  });

  test("has its tools in the palette: copy, find, clear and the debug log", async () => {
    await window.command("Hostrun: Copy Output");
    const clipboard = (): Promise<string> => window.page.evaluate("navigator.clipboard.readText()");
    await expect.poll(clipboard).toContain("by the tree");
    await window.command("Hostrun: Find in Output");
    await window.run.getByPlaceholder("Find in output").fill("the tree");
    await window.run.getByText("1 of 1").waitFor();
    await window.command("Hostrun: Toggle Debug Log of Run");
    await window.run.getByText(/exited 0: 12 bytes on stdout/).waitFor();
    await window.pictures("tools");
    await window.command("Hostrun: Clear Output");
    await window.run.locator(".xterm-rows", { hasText: "by the tree" }).waitFor({ state: "detached" });
  });

  test("survives a reload of the window while its command runs on", async () => {
    await runByPalette("worker", "echo before; while [ ! -e ~/go ]; do sleep 0.1; done; echo after");
    await window.output("before");
    await window.reload();
    await window.output("before");
    await writeFile(join(worker.home, "go"), "");
    await window.output("after");
    await window.run.getByText("Exit 0", { exact: true }).waitFor();
    await window.pictures("reloaded");
  });

  test("follows a run that another client started, and older runs are loaded when they are asked for", async () => {
    await using daemon = await openDaemon({ stateDirectory: code.stateDirectory });
    for (let count = 1; count <= 60; count += 1) {
      await daemon.call("createRun", { body: { host: "web1", command: `echo number ${count}` } });
    }
    await window.row(/^echo number 60, exit 0/).waitFor();
    await window.row(/^echo number 60,/).click();
    await window.output("number 60");
    // Read anew, the list begins with one page.
    await window.command("Hostrun: Refresh");
    await window.lastRow("Runs");
    await window.row("Load More…").click();
    // The page is there when nothing more is offered; only then is the last row the oldest run.
    await window.row("Load More…").waitFor({ state: "detached" });
    await window.lastRow("Runs");
    await window.row(/^echo to stdout/).waitFor();
  });

  test("shows a long output to its last line", async () => {
    await runByPalette("web1", "seq 1 300000; echo the end");
    await window.output("the end");
    await window.run.getByText("Exit 0", { exact: true }).waitFor();
  });
});
