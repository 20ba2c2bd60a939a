import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { processTicks, tickMs } from "../../bench/cpu-time.ts";
import { type Daemon, openDaemon } from "../../client/daemon.ts";
import { formatSpan } from "../../protocol/span.ts";
import { endAfterTests, openEditor } from "../support/editor.ts";
import { openSshd } from "../support/sshd.ts";
import type { Workbench } from "../support/workbench.ts";

const owned = new AsyncDisposableStack();
let window: Workbench;
let daemon: Daemon;
let home: string;

beforeAll(async () => {
  const sshd = owned.use(await openSshd());
  const where = `  HostName 127.0.0.1\n  User ${sshd.user}\n  Port ${sshd.port}\n`;
  const opened = await openEditor(owned, sshd, { config: `Host web1 web2\n${where}` });
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

const idleMs = 10_000;

/** VS Code's process for this window's extensions, ours among them. */
function extensionHost(): number {
  const found = readdirSync("/proc").find((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const [line, environment] = ["cmdline", "environ"].map((file) =>
        readFileSync(`/proc/${name}/${file}`, "utf8"),
      );
      return line?.includes("--type=extensionHost") && environment?.includes(`HOME=${home}\0`);
    } catch {
      return false;
    }
  });
  return Number(found);
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

test("costs next to nothing while nothing happens", async () => {
  const processes = [daemon.health.pid, extensionHost()];
  const shares = async (): Promise<[own: number, host: number]> => {
    const before = processes.map(processTicks);
    const begun = performance.now();
    await delay(idleMs);
    const spanMs = performance.now() - begun;
    const share = (index: number): number =>
      ((processTicks(processes[index] ?? 0) - (before[index] ?? 0)) * tickMs) / spanMs;
    return [share(0), share(1)];
  };
  let [own, host] = await shares();
  // VS Code itself does something there, for a while after the tests before and now and then; the daemon keeps what was
  // compiled of it after its first runs.
  for (let looks = 1; looks < 6 && (own >= 0.01 || host >= 0.05); looks += 1) [own, host] = await shares();
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  console.log(
    `Idle, with the dashboard open: daemon ${percent(own)} of a core, extension host ${percent(host)}.`,
  );
  expect(own).toBeLessThan(0.01);
  expect(host).toBeLessThan(0.05);
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
