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
  return await daemon.call("getHost", { params: { host: name } });
}

/** The rows of the Hosts view, from the top, each by the first part of what it is called aloud. */
const rows = (): Promise<unknown> =>
  window.page.evaluate(`(() => {
  const panes = [...document.querySelectorAll(".pane")];
  const hosts = panes.find((pane) => pane.querySelector(".pane-header .title")?.textContent === "Hosts");
  return [...(hosts?.querySelectorAll(".monaco-list-row") ?? [])]
    .sort((a, b) => Number(a.dataset.index) - Number(b.dataset.index))
    .map((row) => row.getAttribute("aria-label").split(",")[0]);
})()`);

describe("a test of a connection", () => {
  test("tells how it went, and each of its steps with its time", async () => {
    await window.rowMenu(/^web1,/, "Test Connection");
    const told = window.notification(/web1 answered in \d+ ms: .*OpenSSH/);
    await told.waitFor();
    await told.getByRole("button", { name: "Show Steps" }).click();
    await window.quick.getByPlaceholder(/What was done/).waitFor();
    for (const step of [
      "Configuration",
      "Name resolution",
      "Connection",
      "Host key",
      "Authentication",
      "Command",
    ]) {
      await window.choice(step).first().waitFor();
    }
    await window.choice(`${sshd.user}@127.0.0.1:${sshd.port}`).first().waitFor();
    await window.pictures("test-steps", all);
    await window.page.keyboard.press("Escape");
    await window.dismissNotifications();
  });

  test("names the step that failed, at which hop, and what to do", async () => {
    await window.rowMenu(/^behind,/, "Test Connection");
    const told = window.notification(
      /behind failed the test at: Connection · .*Check the address and the port/,
    );
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
    await window.choose(/How to connect/, "The system's ssh");
    await window.choose(/what to change/, "Legacy algorithms");
    await window.choose(/known to be weak/, "Yes, allow legacy algorithms");
    await window.quick.getByPlaceholder(/what to change/).waitFor();
    await window.quick.getByRole("option", { name: "Transport, The system's ssh" }).waitFor();
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
    await expect.poll(rows).toEqual(["Group prod", "Group prod/web", "gone", "spare", "web1", "behind"]);
    expect((await hostNamed("gone")).group).toBe("prod/web");
    await window.row(/^gone,/).dragTo(window.row(/^behind,/));
    await expect.poll(rows).toEqual(["Group prod", "Group prod/web", "spare", "web1", "behind", "gone"]);
    expect((await hostNamed("gone")).group).toBeNull();
    await window.rowMenu(/^behind,/, "Group…");
    await window.answer(/^Group/, "lab");
    await window.row("Group lab").waitFor();
    await window.row("Group prod/web").dragTo(window.row("Group lab"));
    await expect.poll(rows).toEqual(["Group lab", "Group lab/web", "spare", "web1", "behind", "gone"]);
    expect((await hostNamed("web1")).group).toBe("lab/web");
    await window.pictures("dragged-group", ["dark"]);
  });

  test("shows the hosts that fit a filter, and says so when there are none", async () => {
    await window.command("Hostrun: Filter Hosts…");
    await window.answer(/Filter hosts by name/, "lab web");
    await expect.poll(rows).toEqual(["Group lab", "Group lab/web", "spare", "web1"]);
    await window.page.getByText("“lab web”").waitFor();
    await window.pictures("filtered-hosts", all);
    await window.command("Hostrun: Filter Hosts…");
    await window.quick.getByText(/Filter hosts by name/).waitFor();
    expect(await window.input.inputValue()).toBe("lab web");
    await window.input.fill("nothing has this");
    await window.page.keyboard.press("Enter");
    await window.page.getByText("No hosts match the filter.").waitFor();
    await window.page.getByRole("button", { name: "Show All Hosts" }).click();
    await window.row(/^gone,/).waitFor();
  });
});

describe("an import", () => {
  test("shows what is new, what has changed and what is the same, and takes what is chosen", async () => {
    const { port } = await hostNamed("gone");
    for (const name of ["web1", "gone"]) await code.hostrun("hosts", "import", "--name", name);
    await code.hostrun("hosts", "edit", "gone", "--port", "2200");
    await window.row(/^gone, idle, .*:2200$/).waitFor();
    await window.command("Hostrun: Import from SSH Config…");
    await window.quick.getByPlaceholder(/Choose the hosts to import/).waitFor();
    await window.choice(`port: 2200 → ${port}`).waitFor();
    expect(await window.choice("web1").last().textContent()).toContain("the same");
    await window.quick.getByText("2 Selected").waitFor();
    await window.pictures("import-preview", all);
    await window.choice("gone").click();
    await window.quick.getByText("3 Selected").waitFor();
    await window.choice("spare").click();
    await window.quick.getByText("2 Selected").waitFor();
    await window.quick.getByRole("button", { name: "OK" }).click();
    await window.notification("Imported 1 host. Changed 1 host.").waitFor();
    expect((await hostNamed("gone")).port).toBe(port);
    expect((await hostNamed("behind")).id).not.toBeNull();
    expect((await hostNamed("spare")).id).toBeNull();
    await window.dismissNotifications();
  });

  test("takes what was exported, of which no secret is a part", async () => {
    const file = join(code.home, "hostrun-hosts.json");
    await window.command("Hostrun: Export Hosts…");
    // The dialog comes up with the file that is proposed, a moment after it is there.
    await expect.poll(() => window.input.inputValue()).toBe(file);
    await window.page.keyboard.press("Enter");
    await window.notification(/Exported 3 hosts to ~\/hostrun-hosts\.json/).waitFor();
    const written: unknown = JSON.parse(await readFile(file, "utf8"));
    expect(written).toMatchObject({
      hostrun: 1,
      hosts: [{ name: "behind" }, { name: "gone" }, { name: "web1" }],
    });
    await code.hostrun("hosts", "remove", "gone");
    await window.row(/^gone, idle, .*SSH config/).waitFor();
    await window.command("Hostrun: Import Hosts from File…");
    await window.choice("known_hosts").waitFor();
    // While the dialog comes up it puts its own text into the field.
    const listed = async (): Promise<number> => {
      await window.input.fill(file);
      return window.choice("hostrun-hosts.json").count();
    };
    await expect.poll(listed).toBe(1);
    await window.page.keyboard.press("Enter");
    await window.quick.getByPlaceholder(/Choose the hosts to import from ~\/hostrun-hosts\.json/).waitFor();
    expect(await window.choice("behind").textContent()).toContain("the same");
    await window.quick.getByText("1 Selected").waitFor();
    await window.quick.getByRole("button", { name: "OK" }).click();
    await window.notification("Imported 1 host.").waitFor();
    expect(await hostNamed("gone")).toMatchObject({ legacyAlgorithms: true, source: "manual" });
  });
});

describe("a host that is added", () => {
  test("is checked part by part before, and tested after", async () => {
    const part = (name: string): Promise<void> => window.choose(/or add the host/, name);
    await window.command("Hostrun: Add Host…");
    await window.type(/^Address of the host/, `${sshd.user}@127.0.0.1:${sshd.port}`);
    // Until the entry for it stands in the list, the others move.
    await window.quick.getByText(`Add ${sshd.user}@127.0.0.1:${sshd.port} as 127.0.0.1`).waitFor();
    await window.choice("More…").click();
    await part("Name");
    await window.answer(/Name of the host/, "fresh");
    await part("Key");
    await window.answer(/How to log in/, "/nowhere/key");
    await window.quick.getByText("/nowhere/key cannot be read").waitFor();
    await window.pictures("key-file-problem", all);
    await window.input.fill("");
    // Until the entry for what was typed has gone, the others move.
    await window.choice("/nowhere/key").waitFor({ state: "detached" });
    await window.choose(/How to log in/, "~/.ssh/id_ed25519");
    await part("Jump host");
    await window.type(/deploy@bastion/, "fresh");
    await window.quick.getByText("The jump hosts form a loop: fresh → fresh").waitFor();
    await window.answer(/deploy@bastion/, "nowhere.invalid");
    await window.quick.getByText(/There is no host named nowhere\.invalid/).waitFor();
    await window.pictures("jump-host-doubt", all);
    await window.answer(/deploy@bastion/, "");
    await part("debug-disconnect  Add fresh and test the connection");
    await window.notification(/fresh answered in \d+ ms/).waitFor();
    await window.row(/^fresh, connected, /).waitFor();
    expect((await hostNamed("fresh")).identityFile).toBe(join(code.home, ".ssh/id_ed25519"));
  });
});
