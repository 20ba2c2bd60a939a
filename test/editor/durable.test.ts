import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { openDaemon } from "../../client/daemon.ts";
import { Problem } from "../../protocol/problem.ts";
import type { CodeServer } from "../support/code-server.ts";
import { endAfterTests, openEditor } from "../support/editor.ts";
import { openCounter, type Counter } from "../support/counter.ts";
import { openDirectory } from "../support/directory.ts";
import { createKey, type SshKey } from "../support/ssh-key.ts";
import { openSshd, type Sshd } from "../support/sshd.ts";
import type { Workbench } from "../support/workbench.ts";

const owned = new AsyncDisposableStack();
let code: CodeServer;
let sshd: Sshd;
let hostKeys: readonly SshKey[];
let counter: Counter;
let window: Workbench;

beforeAll(async () => {
  const keys = owned.use(await openDirectory());
  hostKeys = [await createKey(keys.join("host"))];
  sshd = await openSshd({ hostKeys });
  owned.defer(() => sshd[Symbol.asyncDispose]());
  counter = owned.use(await openCounter());
  // localhost is not known by a key.
  const hosts = [`Host web1\n  HostName ${sshd.address}\n`, "Host stranger\n  HostName localhost\n"];
  const config = `${hosts.join("")}Host *\n  User ${sshd.user}\n  Port ${sshd.port}\n`;
  const settings = { "hostrun.keepRunning": true, "hostrun.preconnect": "chosen" };
  ({ code, window } = await openEditor(owned, sshd, { settings, config }));
  await window.showHostrun();
});
endAfterTests(owned, () => window);

const title = () => window.quick.locator(".quick-input-title");
const says = "keeps running if the link drops";

test("a host is connected to as soon as it is chosen, where the setting wants it: the first run finds it so", async () => {
  await window.command("Hostrun: Run on Host…");
  await window.choose(/Choose the host/, "web1");
  await window.row(/^web1, connected/).waitFor();
  await window.answer(/Type a command/, "echo $((40 + 2)) at once");
  await window.output("42 at once");
  await window.run.getByText("Exit 0", { exact: true }).waitFor();
  await window.run.getByText(/^warm connection · /).waitFor();
});

test("nobody is told that a host could not be connected to before a command runs on it", async () => {
  await window.command("Hostrun: Run on Host…");
  await window.choose(/Choose the host/, "stranger");
  await window.quick.getByPlaceholder(/Type a command/).waitFor();
  const daemon = await openDaemon({ stateDirectory: code.stateDirectory });
  await using _ = daemon;
  // What was tried is not tried again so soon.
  const waits = async (): Promise<number> => {
    const input = { params: { host: "stranger" }, body: {} };
    const failure: unknown = await daemon.call("connectHost", input).catch((reason: unknown) => reason);
    return failure instanceof Problem ? (failure.members.retryAfterMs ?? 0) : 0;
  };
  await expect.poll(waits).toBeGreaterThan(0);
  expect(await window.notification(/./).count()).toBe(0);
  await window.quick.getByPlaceholder(/Type a command/).press("Escape");
});

test("whether a command keeps running is set for all, and changed for one by the pin above the question", async () => {
  await window.command("Hostrun: Run on Host…");
  await title().filter({ hasText: says }).waitFor();
  await window.choose(/Choose the host/, "web1");
  await window.quick.getByPlaceholder(/Type a command/).waitFor();
  await title().filter({ hasText: says }).waitFor();
  await window.pictures("keep-running");
  await window.quick.getByRole("button", { name: "Don't keep it running if the link drops" }).click();
  await title().filter({ hasNotText: says }).waitFor();
  await window.answer(/Type a command/, "echo of the $((40 + 2)) usual kind");
  await window.output("of the 42 usual kind");
  await window.run.getByText("Exit 0", { exact: true }).waitFor();
  expect(await window.run.getByText("keeps running", { exact: true }).count()).toBe(0);
});

test("a run whose host is away says that it is being reconnected, and goes on to its true end", async () => {
  const go = join(code.folder, "go");
  const lines = 'for i in 1 2 3; do echo "line $i"; done';
  const command = `${counter.command}; ${lines}; while [ ! -e ${go} ]; do sleep 0.1; done; echo the rest; exit 7`;
  await window.command("Hostrun: Run on Host…");
  await window.choose(/Choose the host/, "web1");
  await window.answer(/Type a command/, command);
  await window.output("line 3");
  await window.run.getByText("keeps running", { exact: true }).waitFor();

  const { port, clientKey } = sshd;
  await sshd[Symbol.asyncDispose]();
  await window.run.getByText("Reconnecting to web1", { exact: true }).waitFor();
  await window.pictures("reconnecting", ["light", "dark", "highContrast"]);
  await window.reload();
  await window.output("line 3");
  await window.run.getByText("Reconnecting to web1", { exact: true }).waitFor();

  // The command ends while nobody sees it.
  await writeFile(go, "");
  sshd = await openSshd({ port, hostKeys, authorizedKeys: [clientKey.publicKey] });
  await window.output("the rest");
  await window.run.getByText("Exit 7", { exact: true }).waitFor();
  await window.pictures("reconnected");
  const shown = (await window.run.locator(".xterm-rows").innerText()).split("\n").map((line) => line.trim());
  expect(shown.filter((line) => line !== "")).toEqual(["line 1", "line 2", "line 3", "the rest"]);
  expect(await counter.count()).toBe(1);
  await window.row(/, exit 7, web1,/).waitFor();
});
