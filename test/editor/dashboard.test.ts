import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { type Daemon, openDaemon } from "../../client/daemon.ts";
import { formatSpan } from "../../protocol/span.ts";
import { cpuMs } from "../support/cpu-time.ts";
import { endAfterTests, openEditor } from "../support/editor.ts";
import { liveProcesses } from "../support/process-groups.ts";
import { openSshd } from "../support/sshd.ts";
import type { Workbench } from "../support/workbench.ts";

const owned = new AsyncDisposableStack();
let window: Workbench;
let daemon: Daemon;
let home: string;

/** Otherwise VS Code's part of the extension host looks for open ports every 2 s, which takes 3 % of a core. */
const settings = { "remote.autoForwardPorts": false, "remote.autoForwardPortsSource": "output" };

beforeAll(async () => {
  const sshd = owned.use(await openSshd());
  const where = `  HostName 127.0.0.1\n  User ${sshd.user}\n  Port ${sshd.port}\n`;
  const opened = await openEditor(owned, sshd, { config: `Host web1 web2\n${where}`, settings });
  window = opened.window;
  home = opened.code.home;
  await window.command("Hostrun: Open Dashboard");
  await window.run.locator("main[aria-busy=false]:not(.old)").waitFor();
  daemon = owned.use(await openDaemon({ stateDirectory: opened.code.stateDirectory }));
});
endAfterTests(owned, () => window);

async function run(host: string, command: string): Promise<void> {
  const { id } = await daemon.call("createRun", { body: { host, command, worker: "off" } });
  await expect.poll(async () => (await daemon.call("getRun", { params: { run: id } })).state).toBe("ended");
}

/** The dashboard is updated in it once. */
const idleMs = 10_000;

/** VS Code's process for this window's extensions, ours among them. */
async function extensionHost(): Promise<number> {
  for (const { pid, args } of await liveProcesses()) {
    if (!args.includes("--type=extensionHost")) continue;
    const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
    if (environment.includes(`HOME=${home}\0`)) return pid;
  }
  throw new Error("there is no extension host");
}

/** All processes of this test's browser. */
async function browserProcesses(): Promise<number[]> {
  const live = await liveProcesses();
  const browser = live.find(({ parent, args }) => parent === process.pid && args.includes("chromium"));
  return live.filter(({ group }) => group === browser?.group).map(({ pid }) => pid);
}

/** The shares of a core that they take while nothing happens, in percent. */
async function idleShares(): Promise<{ daemon: number; extensions: number; browser: number }> {
  const groups = [[daemon.health.pid], [await extensionHost()], await browserProcesses()];
  const times = (): Promise<number[]> => Promise.all(groups.map(cpuMs));
  const before = await times();
  const begun = performance.now();
  await delay(idleMs);
  const after = await times();
  const spanMs = performance.now() - begun;
  const [own = 0, extensions = 0, browser = 0] = after.map(
    (ms, index) => (100 * (ms - (before[index] ?? 0))) / spanMs,
  );
  return { daemon: own, extensions, browser };
}

/** The value beside a name in a group of figures. */
const figure = (group: string, name: string) =>
  window.run
    .getByRole("region", { name: group })
    .locator("dt", { hasText: new RegExp(`^${name}$`) })
    .locator("+ dd");

test("shows what was measured, and says what was not", async () => {
  for (const [group, name, text] of [
    ["Cache", "Hit rate", "no look-ups yet"],
    ["Connections", "Reuse rate", "no runs yet"],
    ["Runs", "Warm", "none yet"],
  ] as const) {
    expect(await figure(group, name).textContent()).toBe(text);
  }
  expect(await window.run.getByRole("table").count()).toBe(0);
  expect(await figure("Daemon", "Process").textContent()).toBe(String(daemon.health.pid));
});

test("follows what is done, with the figures of the daemon, and closes a connection by the keyboard", async () => {
  for (const command of ["true", "true", "sleep 0.2", "true"]) await run("web1", command);
  await run("web2", "true");
  await expect.poll(() => figure("Runs", "Ended").textContent()).toBe("5");
  const { latency, pool } = await daemon.call("stats");
  const [web2, web1] = latency.hosts;
  expect([web1?.host, web1?.warm.count, web1?.cold.count, web2?.cold.count]).toEqual([
    "web1",
    3,
    1,
    web2?.cold.count,
  ]);
  const row = window.run.getByRole("row", { name: /^web1 / }).first();
  expect(await row.textContent()).toContain(`median ${formatSpan(web1?.warm.p50 ?? null)} · p95`);
  expect(await row.getByRole("img").first().locator("rect").count()).toBe(4);
  expect(await figure("Connections", "Reuse rate").textContent()).toContain(`(${pool.reused} of 5)`);
  // Both are the same login on the same server.
  expect((await daemon.call("listConnections")).items.map(({ runs }) => runs)).toEqual([5]);
  await window.pictures("dashboard", ["light", "dark", "highContrast"]);
  expect(await window.violations()).toEqual([]);

  const before = (await daemon.call("listConnections")).items.length;
  await window.run
    .getByRole("button", { name: /^Close the connection to / })
    .first()
    .focus();
  await window.page.keyboard.press("Enter");
  await expect.poll(async () => (await daemon.call("listConnections")).items.length).toBe(before - 1);
  await expect
    .poll(() => window.run.getByRole("button", { name: /^Close the connection to / }).count())
    .toBe(before - 1);
});

test("takes less than a hundredth of a core with the daemon and the extension while nothing happens", async () => {
  await window.command("View: Close All Editors");
  let without = Infinity;
  for (let looks = 0; looks < 3; looks += 1) without = Math.min(without, (await idleShares()).browser);
  await window.command("Hostrun: Open Dashboard");
  await window.run.locator("main[aria-busy=false]:not(.old)").waitFor();
  let together = Infinity;
  // VS Code itself does something for a while after the tests before, and now and then.
  for (let looks = 0; looks < 12 && together >= 1; looks += 1) {
    const { daemon: own, extensions, browser } = await idleShares();
    const dashboard = Math.max(0, browser - without);
    together = own + extensions + dashboard;
    const shown = [together, own, extensions, dashboard].map((share) => `${share.toFixed(2)} %`);
    console.log(
      `Idle, of a core: ${shown[0]}; daemon ${shown[1]}, extension host ${shown[2]}, ` +
        `open dashboard ${shown[3]} beside the ${without.toFixed(2)} % of the window without it.`,
    );
  }
  expect(together).toBeLessThan(1);
});

test("says that its figures are old when the daemon is away, and comes back with a reload of the window", async () => {
  await window.command("Hostrun: Stop Daemon");
  await window.run.locator("main.old").waitFor();
  expect(await window.run.getByRole("status").textContent()).not.toBe("");
  await window.pictures("dashboard-old", ["light", "dark", "highContrast"]);
  // Looking at it now and then starts none.
  expect(await window.run.locator("main.old").count()).toBe(1);
  expect(await window.violations()).toEqual([]);
  await window.reload();
  await window.run.locator("main[aria-busy=false]:not(.old)").waitFor();
  expect(await figure("Runs", "Ended").textContent()).toBe("0");
});
