import { spawn } from "node:child_process";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { expect, onTestFinished, test } from "vitest";
import { openDaemon } from "../../../client/daemon.ts";
import { discover } from "../../../client/discover.ts";
import { placesIn } from "../../../client/places.ts";
import { openDirectory } from "../../support/directory.ts";
import { failureOf, openSocketServer } from "./socket-server.ts";

const discoveryOf = (socket: string) => ({
  pid: process.pid,
  version: "1.2.3",
  protocol: 1,
  socket,
  url: null,
  token: "t",
  startedAt: "2026-01-01T00:00:00.000Z",
});

const health = JSON.stringify({ status: "ok", version: "1.2.3", protocol: 1, pid: 42 });

test("nothing is found where there is no directory, no daemon.json, or half of one", async () => {
  await using directory = await openDirectory();
  expect(await discover(placesIn(directory.join("none")))).toBeUndefined();
  expect(await discover(placesIn(directory.path))).toBeUndefined();
  await writeFile(directory.join("daemon.json"), '{"pid": 1, "prot');
  expect(await discover(placesIn(directory.path))).toBeUndefined();
});

test("a daemon is found when it answers", async () => {
  await using directory = await openDirectory();
  await using server = await openSocketServer((_, response) => response.end(health));
  await writeFile(directory.join("daemon.json"), JSON.stringify(discoveryOf(server.socket)));
  await using daemon = await openDaemon({ stateDirectory: directory.path });
  expect(daemon.health).toMatchObject({ status: "ok", pid: 42 });
  expect(daemon.discovery.socket).toBe(server.socket);
});

test("a living pid proves nothing: without an answer there is no daemon", async () => {
  await using directory = await openDirectory();
  await writeFile(directory.join("daemon.json"), JSON.stringify(discoveryOf(directory.join("daemon.sock"))));
  expect(await discover(placesIn(directory.path))).toBeUndefined();
  const failure = await failureOf(openDaemon({ stateDirectory: directory.path }));
  expect(failure).toMatchObject({ code: "daemon_unreachable", members: { reason: "not_running" } });
});

test("a daemon that hangs is not taken for none, and it is told what helps", {
  timeout: 60_000,
}, async () => {
  await using directory = await openDirectory();
  await using server = await openSocketServer(() => undefined);
  const child = spawn("sleep", ["60"], { stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  child.kill("SIGSTOP");
  const discovery = { ...discoveryOf(server.socket), pid: child.pid };
  await writeFile(directory.join("daemon.json"), JSON.stringify(discovery));
  const failure = await failureOf(discover(placesIn(directory.path)));
  expect(failure).toMatchObject({ code: "daemon_unreachable", members: { reason: "silent" } });
  expect(String(failure)).toMatch(/it hangs.*`hostrun restart --force`/);
});

test("a daemon that answers late, but works, is waited for", { timeout: 60_000 }, async () => {
  await using directory = await openDirectory();
  // The process of the daemon is this one, which does something all the time.
  const work = setInterval(() => undefined, 10);
  onTestFinished(() => clearInterval(work));
  await using server = await openSocketServer((_, response) => setTimeout(() => response.end(health), 5000));
  await writeFile(directory.join("daemon.json"), JSON.stringify(discoveryOf(server.socket)));
  const found = await discover(placesIn(directory.path));
  found?.transport[Symbol.dispose]();
  expect(found?.health.pid).toBe(42);
});

test.each([
  [2, "Update this program, or stop the daemon"],
  [0, "Stop the daemon"],
])(
  "a daemon that speaks version %d of the API is daemon_incompatible, with what to do",
  async (protocol, advice) => {
    await using directory = await openDirectory();
    const spoken = JSON.stringify({ status: "ok", version: "1.2.3", protocol, pid: 42 });
    await using server = await openSocketServer((_, response) => response.end(spoken));
    const written = { ...discoveryOf(server.socket), protocol };
    await writeFile(directory.join("daemon.json"), JSON.stringify(written));
    const failure = await failureOf(openDaemon({ stateDirectory: directory.path }));
    expect(failure).toHaveProperty("code", "daemon_incompatible");
    expect(String(failure)).toContain(`speaks version ${protocol} of the API`);
    expect(String(failure)).toContain(advice);
  },
);

test("what a daemon of another version left when it was killed is in nobody's way", async () => {
  await using directory = await openDirectory();
  const left = { ...discoveryOf(directory.join("daemon.sock")), protocol: 2 };
  await writeFile(directory.join("daemon.json"), JSON.stringify(left));
  expect(await discover(placesIn(directory.path))).toBeUndefined();
});

test.each([
  ["nothing", ""],
  ["no JSON", '{"pid": 1'],
  ["no member", "{}"],
  ["no version", '{"pid": 1}'],
  ["the right version and nothing else", '{"protocol": 1}'],
  ["no object", "[]"],
])("daemon.json with %s names no daemon", async (_, content) => {
  await using directory = await openDirectory();
  await writeFile(directory.join("daemon.json"), content);
  expect(await discover(placesIn(directory.path))).toBeUndefined();
});

test("a directory that others can write to, or a symbolic link to one, is not trusted", async () => {
  await using directory = await openDirectory();
  const open = directory.join("open");
  await mkdir(open);
  await chmod(open, 0o777);
  expect(await failureOf(discover(placesIn(open)))).toHaveProperty("code", "forbidden");
  await mkdir(directory.join("own"), { mode: 0o700 });
  await symlink(directory.join("own"), directory.join("link"));
  expect(await failureOf(discover(placesIn(directory.join("link"))))).toHaveProperty("code", "forbidden");
  await writeFile(directory.join("file"), "");
  expect(await failureOf(discover(placesIn(directory.join("file"))))).toHaveProperty("code", "forbidden");
});
