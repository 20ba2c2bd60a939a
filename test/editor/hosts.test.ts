import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { openDaemon } from "../../client/daemon.ts";
import { isAlive } from "../../client/liveness.ts";
import { type Discovery, parseDiscovery } from "../../protocol/discovery.ts";
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
  ({ code, window } = await openEditor(owned, sshd, { settings: { "hostrun.historyDays": 7 } }));
});
endAfterTests(owned, () => window);

async function discovery(): Promise<Discovery | undefined> {
  return parseDiscovery(JSON.parse(await readFile(join(code.stateDirectory, "daemon.json"), "utf8")));
}

async function daemonPid(): Promise<number> {
  return (await discovery())?.pid ?? Number.NaN;
}

describe("without any host", () => {
  test("the view says what to do next", async () => {
    await window.showHostrun();
    await window.page.getByText("Add the hosts that you run commands on.").waitFor();
    await window.page.getByRole("button", { name: "Import from SSH Config" }).waitFor();
    await window.pictures("welcome");
  });

  test("commands that need one offer to add one, and not what needs several", async () => {
    await window.command("Hostrun: Run on Host…");
    await window.choice("Add Host…").waitFor();
    expect(await window.choice("Run on Several Hosts…").count()).toBe(0);
    await window.page.keyboard.press("Escape");
    await window.command("Hostrun: Run on Several Hosts…");
    await window.notification("There are no hosts yet.").getByRole("button", { name: "Add Host…" }).click();
    await window.quick.getByPlaceholder(/^Address of the host/).waitFor();
    await window.page.keyboard.press("Escape");
    await window.quick.waitFor({ state: "hidden" });
    await window.command("Hostrun: Run Snippet…");
    const none = window.notification("There are no snippets yet.");
    await none.getByRole("button", { name: "Save a Run as Snippet…" }).click();
    await window.notification("No such run.").waitFor();
    await window.dismissNotifications();
  });

  test("an import without a config says so", async () => {
    await window.page.getByRole("button", { name: "Import from SSH Config" }).click();
    await window.notification(/config/).waitFor();
    await window.dismissNotifications();
  });
});

describe("a host", () => {
  test("is added by its address, and by more where more is to be said", async () => {
    await window.page.getByRole("button", { name: "Add Host", exact: true }).click();
    await window.quick.getByPlaceholder(/^Address of the host/).waitFor();
    for (const wrong of ["-oProxyCommand=id", "root@:22"]) {
      await window.input.fill(wrong);
      await window.quick.getByText(/Must be an address/).waitFor();
    }
    await window.pictures("add-host-wrong", ["dark"]);
    await window.page.keyboard.press("Enter");
    await window.input.fill(`ssh ${sshd.user}@127.0.0.1 -p ${sshd.port}`);
    await window.quick.getByText(`Add ${sshd.user}@127.0.0.1:${sshd.port} as 127.0.0.1`).waitFor();
    await window.pictures("add-host");
    await window.choice("More…").click();
    await window.choose(/or add the host/, "Name");
    await window.quick.getByText(/Name of the host/).waitFor();
    expect(await window.input.inputValue()).toBe("127.0.0.1");
    await window.input.fill("web1");
    await window.page.keyboard.press("Enter");
    await window.choose(/or add the host/, "Group");
    await window.answer(/^Group/, "prod/web");
    await window.choose(/or add the host/, "Production");
    await window.choose(/production host/, "Yes");
    await window.quick.getByPlaceholder(/or add the host/).waitFor();
    await window.pictures("add-host-more");
    await window.choose(/or add the host/, "check  Add web1");
    await window.row("Group prod/web").waitFor();
    await window.row(/^web1, idle, production, /).waitFor();
  });

  test("that is production asks before a command runs on it", async () => {
    const run = async (): Promise<void> => {
      await window.rowAction(/^web1,/, "Run on Host");
      await window.answer(/Type a command/, "echo carefully");
    };
    await run();
    await window.run.getByText("Run this on the production host web1?").waitFor();
    await window.run.getByText("echo carefully", { exact: true }).waitFor();
    await window.run.getByRole("button", { name: "Don't Run" }).click();
    await window.tab("Run on web1?").waitFor({ state: "detached" });
    expect(await window.row(/^echo carefully/).count()).toBe(0);

    await run();
    await window.run.getByRole("button", { name: "Run on web1" }).click();
    await window.output("carefully");
    await window.run.getByText("production", { exact: true }).waitFor();
    await window.row(/^web1, connected, production, /).waitFor();
  });

  test("is tested without running anything", async () => {
    await window.rowMenu(/^web1,/, "Test Connection");
    await window.notification(/web1 answered .*OpenSSH/).waitFor();
    await window.dismissNotifications();
  });

  test("is changed part by part", async () => {
    await window.rowMenu(/^web1,/, "Edit Host");
    await window.choose(/what to change/, "Production");
    await window.choose(/production host/, "No");
    await window.choose(/what to change/, "Group");
    await window.answer(/^Group/, "staging");
    await window.quick.getByPlaceholder(/what to change/).waitFor();
    await window.pictures("edit-host", ["light"]);
    await window.page.keyboard.press("Escape");
    await window.row("Group staging").waitFor();
    await window.row(/^web1, connected, root@/).waitFor();
  });

  test("is copied under a free name, and its address to the clipboard", async () => {
    await window.rowMenu(/^web1,/, "Duplicate Host");
    await window.quick.getByText(/Name of the host/).waitFor();
    expect(await window.input.inputValue()).toBe("web1-2");
    await window.page.keyboard.press("Enter");
    await window.answer(/deploy@/, "nobody@127.0.0.1:9");
    await window.rowMenu(/^web1-2,/, "Copy Address");
    const clipboard = (): Promise<string> => window.page.evaluate("navigator.clipboard.readText()");
    await expect.poll(clipboard).toBe("nobody@127.0.0.1:9");
  });

  test("that cannot be reached is marked, with the reason in its tab", async () => {
    await window.rowAction(/^web1-2,/, "Run on Host");
    await window.answer(/Type a command/, "true");
    await window.run.getByText("The host could not be reached").waitFor();
    await window.row(/^web1-2, failed/).waitFor();
    await window.pictures("unreachable");
  });

  test("is opened: what can be done with it, and its recent runs", async () => {
    await window.rowAction(/^web1,/, "Open Host");
    await window.choice("Run Command…").waitFor();
    await window.pictures("open-host");
    await window.choose(/root@/, "echo carefully");
    await window.output("carefully");
  });

  test("is deleted after a question", async () => {
    await window.rowMenu(/^web1-2,/, "Delete Host");
    const dialog = window.dialog('Delete host "web1-2"?');
    await dialog.getByRole("button", { name: "Delete" }).click();
    await window.row(/^web1-2,/).waitFor({ state: "detached" });
  });

  test("of the SSH config is taken over by an import", async () => {
    await writeFile(join(code.home, ".ssh/config"), "Host app7\n  HostName 127.0.0.7\n  User deploy\n");
    await window.command("Hostrun: Refresh");
    await window.row(/^app7, idle, SSH config, deploy@127.0.0.7/).waitFor();
    await window.command("Hostrun: Import from SSH Config");
    await window.quick.getByPlaceholder(/Choose the hosts to import/).waitFor();
    await window.page.keyboard.press("Enter");
    await window.notification("Imported 1 host.").waitFor();
    await window.row(/^app7, idle, deploy@127.0.0.7/).waitFor();
    await window.dismissNotifications();
  });
});

describe("the daemon", () => {
  test("has the settings that were set in VS Code, and no others", async () => {
    await using daemon = await openDaemon({ stateDirectory: code.stateDirectory });
    const { values, sources } = await daemon.call("getSettings");
    expect(values.historyDays).toBe(7);
    expect(Object.entries(sources).filter(([, source]) => source !== "default")).toEqual([
      ["historyDays", "config"],
    ]);
  });

  test("is started again when it was killed", async () => {
    const before = await daemonPid();
    process.kill(before, "SIGKILL");
    await expect.poll(daemonPid).not.toBe(before);
    await window.rowAction(/^web1,/, "Run on Host");
    await window.answer(/Type a command/, "echo alive again");
    await window.output("alive again");
  });

  test("that does not start is told of, with the log and another try at hand", async () => {
    const bundle = join(code.extension, "dist/daemon.cjs");
    await rename(bundle, `${bundle}.away`);
    await writeFile(bundle, 'throw new Error("broken on purpose");\n');
    process.kill(await daemonPid(), "SIGKILL");
    const told = window.notification(/daemon is not available.*ended at once/);
    await told.waitFor();
    await told.getByRole("button", { name: "Show Log" }).waitFor();
    await window.page.getByRole("button", { name: /Hostrun, The daemon is not available/ }).waitFor();
    await window.pictures("daemon-broken");
    await window.tab(/^web1: echo carefully/).click();
    await window.run.getByText("This run cannot be shown").waitFor();

    await rename(`${bundle}.away`, bundle);
    await told.getByRole("button", { name: "Retry" }).click();
    await window.page.getByRole("button", { name: /Hostrun, The daemon is running/ }).waitFor();
    await window.row(/^web1,/).waitFor();
    // Its tab comes back by itself.
    await window.output("carefully");
  });

  test("may be stopped and started by the command line meanwhile", async () => {
    const before = await daemonPid();
    await code.hostrun("stop");
    await window.page.getByRole("button", { name: /Hostrun, The daemon is stopped/ }).waitFor();
    await code.hostrun("start");
    expect(await daemonPid()).not.toBe(before);
    const process = `process ${await daemonPid()}`;
    await window.page.getByRole("button", { name: new RegExp(`Hostrun, .*${process}`) }).waitFor();
    await window.rowAction(/^web1,/, "Run on Host");
    await window.answer(/Type a command/, "echo with another daemon");
    await window.output("with another daemon");
  });

  test("is stopped and started by commands", async () => {
    const before = await daemonPid();
    await window.command("Hostrun: Stop Daemon");
    await window.page.getByRole("button", { name: /Hostrun, The daemon is stopped/ }).waitFor();
    await window.command("Hostrun: Start Daemon");
    await window.page.getByRole("button", { name: /Hostrun, The daemon is running/ }).waitFor();
    expect(await daemonPid()).not.toBe(before);
  });

  test("that hangs is ended by force when the person agrees, and started again as it was", async () => {
    await code.hostrun("restart", "--listen", "127.0.0.1:0");
    const [before, url] = [await daemonPid(), (await discovery())?.url];
    expect(url).toMatch(/^http:/);
    const connected = new RegExp(`Hostrun, .*process ${before}`);
    await window.page.getByRole("button", { name: connected }).waitFor();
    process.kill(before, "SIGSTOP");
    await window.command("Hostrun: Restart Daemon");
    await window.dialog("The daemon does not answer").getByRole("button", { name: "End by Force" }).click();
    await expect.poll(daemonPid).not.toBe(before);
    expect(isAlive(before)).toBe(false);
    await window.page.getByRole("button", { name: /Hostrun, The daemon is running/ }).waitFor();
    expect((await discovery())?.url).toBe(url);
  });
});
