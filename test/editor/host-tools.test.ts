import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { openDaemon } from "../../client/daemon.ts";
import type { Host } from "../../protocol/host.ts";
import type { CodeServer } from "../support/code-server.ts";
import { endAfterTests, openEditor } from "../support/editor.ts";
import { freePort } from "../support/server-process.ts";
import { openSshd, type Sshd } from "../support/sshd.ts";
import type { Workbench } from "../support/workbench.ts";

const all = ["light", "dark", "highContrast"] as const;
const owned = new AsyncDisposableStack();
let code: CodeServer;
let sshd: Sshd;
let window: Workbench;
let config: string;

beforeAll(async () => {
  sshd = owned.use(await openSshd());
  const where = `  HostName 127.0.0.1\n  User ${sshd.user}\n`;
  const port = await freePort();
  config = [
    `Host web1\n${where}  Port ${sshd.port}\n`,
    `Host gone\n${where}  Port ${port}\n`,
    `Host behind\n${where}  Port ${port}\n  ProxyJump web1\n`,
    `Host spare\n${where}`,
  ].join("");
  ({ code, window } = await openEditor(owned, sshd, { config }));
  await window.showHostrun();
  await window.row(/^web1, idle, SSH config, /).waitFor();
});
endAfterTests(owned, () => window);

async function hostNamed(name: string): Promise<Host> {
  await using daemon = await openDaemon({ stateDirectory: code.stateDirectory });
  return daemon.call("getHost", { params: { host: name } });
}

/** The rows of the Hosts view, from the top, each by the first part of what it is called aloud. */
async function rows(): Promise<readonly string[]> {
  const labels = await window.page
    .locator(".pane", { has: window.page.getByText("Hosts", { exact: true }) })
    .getByRole("treeitem")
    .evaluateAll((items: Element[]) => items.map((item) => item.getAttribute("aria-label") ?? ""));
  return labels.map((label) => label.split(",")[0] ?? "");
}

describe("a test of a connection", () => {
  test("tells how it went, and each of its steps with its time", async () => {
    await window.rowMenu(/^web1,/, "Test Connection");
    const told = window.notification(/web1 answered in \d+ ms: .*OpenSSH/);
    await told.waitFor();
    await told.getByRole("button", { name: "Show Steps" }).click();
    await window.quick.getByPlaceholder(/What was done/).waitFor();
    for (const step of ["Configuration", "Name resolution", "Connection", "Host key", "Authentication", "Command"]) {
      await window.choice(step).first().waitFor();
    }
    await window.choice(`${sshd.user}@127.0.0.1:${sshd.port}`).first().waitFor();
    await window.pictures("test-steps", all);
    await window.page.keyboard.press("Escape");
    await window.dismissNotifications();
  });

  test("names the step that failed, at which hop, and what to do", async () => {
    await window.rowMenu(/^behind,/, "Test Connection");
    const told = window.notification(/behind failed the test at: Connection · .*Check the address and the port/);
    await told.waitFor();
    await window.pictures("test-failed", all);
    await told.getByRole("button", { name: "Show Steps" }).click();
    await window.choice("failed").waitFor();
    expect(await window.choice("failed").textContent()).toContain("Connection");
    await window.pictures("test-failed-steps", all);
    await window.page.keyboard.press("Escape");
    await window.dismissNotifications();
    await window.row(/^behind, failed/).waitFor();
  });
});

describe("a host of the SSH config", () => {
  test("can be set to a transport and to legacy algorithms, and its file stays as it is", async () => {
    await window.rowMenu(/^gone,/, "Connection Settings…");
    await window.choose(/what to change/, "Transport");
    await window.choose(/What connects/, "The system's ssh");
    await window.choose(/what to change/, "Legacy algorithms");
    await window.choose(/known to be weak/, "Yes, allow legacy algorithms");
    await window.quick.getByPlaceholder(/what to change/).waitFor();
    await window.choice("The system's ssh").waitFor();
    await window.pictures("connection-settings", all);
    await window.page.keyboard.press("Escape");
    await window.row(/^gone, idle, legacy algorithms, /).waitFor();
    expect(await hostNamed("gone")).toMatchObject({ id: null, transport: "openssh", legacyAlgorithms: true });
    expect(await readFile(join(code.home, ".ssh/config"), "utf8")).toBe(config);
  });
});

describe("the view of hosts", () => {
  test("has favorites at its top", async () => {
    await window.rowMenu(/^web1,/, "Group…");
    await window.answer(/^Group/, "prod/web");
    await window.row("Group prod/web").waitFor();
    await window.rowMenu(/^spare,/, "Add to Favorites");
    await window.row(/^spare, idle, favorite, SSH config/).waitFor();
    await expect.poll(rows).toEqual(["spare", "Group prod", "Group prod/web", "web1", "behind", "gone"]);
    await window.pictures("favorites", all);
    await window.rowMenu(/^spare,/, "Remove from Favorites");
    await expect.poll(rows).toEqual(["Group prod", "Group prod/web", "web1", "behind", "gone", "spare"]);
  });

  test("takes hosts and groups that are dragged into another group, and out of it", async () => {
    await window.row(/^spare,/).dragTo(window.row("Group prod/web"));
    await expect.poll(rows).toEqual(["Group prod", "Group prod/web", "spare", "web1", "behind", "gone"]);
    expect((await hostNamed("spare")).group).toBe("prod/web");
    await window.row(/^gone,/).dragTo(window.row(/^spare,/));
    await expect.poll(async () => (await hostNamed("gone")).group).toBe("prod/web");
    await window.row(/^gone,/).dragTo(window.row(/^behind,/));
    await expect.poll(async () => (await hostNamed("gone")).group).toBeNull();
    await window.rowMenu(/^behind,/, "Group…");
    await window.answer(/^Group/, "lab");
    await window.row("Group lab").waitFor();
    await window.row("Group prod/web").dragTo(window.row("Group lab"));
    await expect.poll(async () => (await hostNamed("web1")).group).toBe("lab/web");
    await window.row("Group lab/web").waitFor();
    await window.pictures("dragged-group", ["dark"]);
  });

  test("shows the hosts that fit a filter, and says so when there are none", async () => {
    await window.command("Hostrun: Filter Hosts…");
    await window.quick.getByText(/Filter hosts by name/).waitFor();
    await window.input.fill("lab web");
    await window.page.keyboard.press("Enter");
    await expect.poll(rows).toEqual(["Group lab", "Group lab/web", "spare", "web1"]);
    await window.page.getByText("“lab web”").waitFor();
    await window.pictures("filtered-hosts", all);
    await window.command("Hostrun: Filter Hosts…");
    await window.quick.getByText(/Filter hosts by name/).waitFor();
    expect(await window.input.inputValue()).toBe("lab web");
    await window.input.fill("nothing has this");
    await window.page.keyboard.press("Enter");
    await window.page.getByText("No host fits the filter.").waitFor();
    await window.page.getByRole("button", { name: "Show all hosts" }).click();
    await window.row(/^gone,/).waitFor();
  });
});
