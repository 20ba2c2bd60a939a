import { writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { afterAll, expect, test } from "vitest";
import { openTestDaemon, type TestDaemon } from "../support/daemon.ts";
import { openDirectory } from "../support/directory.ts";
import { problemOf } from "../support/http.ts";
import { hostOf, knowHosts, openStream } from "../support/hosted-daemon.ts";
import { containing } from "../support/matching.ts";
import { RunReading } from "../support/run-stream.ts";
import { openSshd } from "../support/sshd.ts";

/** Leads to web1, as the user who logs in there. */
const destination = `${userInfo().username}@web1`;
/** Names that were taken once, and mean others where hosts are named. */
const odd = ["all", "tag:odd", "web*", "web[1-2]", "!web1", "@failed:1", destination, "ssh://web1", "a/../b"];

await using stack = new AsyncDisposableStack();
const directory = stack.use(await openDirectory());
const sshd = stack.use(await openSshd());
const daemon = stack.use(await openDaemonOfBefore());
const owned = stack.move();
afterAll(() => owned.disposeAsync());
const { client } = daemon;

/**
 * With web1, its id 1, and hosts that have the odd names and the name "1". The SSH config names the number of the
 * last one's id.
 */
async function openDaemonOfBefore(): Promise<TestDaemon> {
  const options = { home: directory.path, stateDirectory: directory.join("state") };
  await knowHosts(options.home, sshd.knownHosts);
  const names = ["1", ...odd];
  {
    await using before = await openTestDaemon(options);
    await before.client.call("createHost", { body: hostOf(sshd) });
    for (const [index] of names.entries()) {
      const body = { ...hostOf(sshd), name: `host-${index}` };
      await before.client.call("createHost", { body });
    }
  }
  using sql = { database: new Sqlite(join(options.stateDirectory, "hostrun.db")), [Symbol.dispose]: close };
  function close(this: { database: Sqlite.Database }): void {
    this.database.close();
  }
  for (const [index, name] of names.entries()) {
    sql.database.prepare("UPDATE hosts SET name = ? WHERE name = ?").run(name, `host-${index}`);
  }
  sql.database.prepare("UPDATE hosts SET port = 1 WHERE name = ?").run(destination);
  const { address, port, user, clientKey } = sshd;
  await writeFile(
    join(options.home, ".ssh/config"),
    `Host ${names.length + 1} group:x\n HostName ${address}\n Port ${port}\n User ${user}\n IdentityFile ${clientKey.path}\n`,
  );
  return await openTestDaemon(options);
}

async function idOf(name: string): Promise<string> {
  const { items } = await client.call("listHosts");
  return String(items.find((host) => host.name === name)?.id);
}

async function runOn(host: string): Promise<RunReading> {
  return new RunReading().follow(await openStream(daemon, "echo in", { host }));
}

test("a number means the host of this name, then the one of this id", async () => {
  expect((await client.call("getHost", { params: { host: "1" } })).name).toBe("1");
  expect((await client.call("testHost", { params: { host: "1" }, body: {} })).host).toBe("1");
  const { id, name } = await client.call("createHost", { body: { ...hostOf(sshd), name: "last" } });
  expect((await client.call("getHost", { params: { host: String(id) } })).name).toBe(name);
  await client.call("deleteHost", { params: { host: "1" } });
  // Now nobody is called so.
  expect(await client.call("getHost", { params: { host: "1" } })).toMatchObject({ id: 1, name: "web1" });
});

test("a number that the SSH config names is that host, and none that has it as its id", async () => {
  const number = String(odd.length + 2);
  const saved = await client.call("getHost", { params: { host: "a/../b" } });
  expect(String(saved.id)).toBe(number);
  const params = { host: number };
  expect(await client.call("getHost", { params })).toMatchObject({ id: null, name: number });
  expect((await runOn(number)).text()).toBe("in\n");
  expect(await problemOf(client.call("deleteHost", { params }))).toMatchObject({
    code: "conflict",
    message: containing("only in ~/.ssh/config"),
  });
  await client.call("updateHost", { params, body: { favorite: true } });
  expect(await client.call("getHost", { params: { host: "a/../b" } })).toMatchObject({ favorite: false });
});

test("names that mean others are listed, and mean nobody as targets", async () => {
  const { items, problems } = await client.call("listHosts");
  expect(items.map(({ name }) => name)).toEqual(expect.arrayContaining([...odd, "group:x"]));
  expect(problems).toMatchObject([{ code: "conflict", detail: containing("--rename NEW") }]);
  const resolve = (...targets: string[]) => client.call("resolveTargets", { body: { targets } });
  const { hosts } = await resolve("all");
  expect(hosts).toContain("web1");
  for (const name of [...odd.filter((each) => each !== "a/../b"), "group:x"])
    expect(hosts).not.toContain(name);
  expect(await resolve("web*")).toMatchObject({ hosts: ["web1"] });
  expect(await resolve("web[1-1]")).toMatchObject({ hosts: ["web1"] });
  expect(await resolve("tag:odd", "group:x")).toMatchObject({ hosts: [], unknown: ["tag:odd", "group:x"] });
});

test("a destination goes where it says, also where a host is called so", async () => {
  const { address, port } = sshd;
  const found = await client.call("getHost", { params: { host: destination } });
  expect(found).toMatchObject({ id: null, effective: { address, port } });
  expect((await runOn(destination)).text()).toBe("in\n");
});

test("an ssh URI runs with its parameters, and what is wrong with one is said", async () => {
  const { user, address, port } = sshd;
  expect((await runOn(`ssh://${user};fingerprint=x@web1`)).text()).toBe("in\n");
  expect(
    await client.call("getHost", { params: { host: `ssh://${user};a=1@${address}:${port}` } }),
  ).toMatchObject({
    effective: { user, address, port },
  });
  const asked = await daemon.http.ask("POST", "/api/runs", {
    json: { host: "ssh://web1:99999", command: "id" },
  });
  expect(asked.json()).toMatchObject({
    code: "invalid_request",
    issues: [{ path: "host", message: "must have a port from 1 to 65535, or the name of a service" }],
  });
  expect(await problemOf(client.call("getHost", { params: { host: "ssh://web1/x" } }))).toMatchObject({
    code: "invalid_request",
    message: "ssh://web1/x must not have a path behind the host.",
  });
  for (const host of ["ssh://web2", "nobody@web1"]) {
    expect(await problemOf(client.call("updateHost", { params: { host }, body: { port: 1 } }))).toMatchObject(
      {
        code: "host_unknown",
        message: `No host named ${host}, saved or in ~/.ssh/config, so there is nothing to change. Add it first.`,
      },
    );
  }
});

test.each(odd)("a host called %s is named anew, and removed", async (name) => {
  const id = await idOf(name);
  const saved = await client.call("updateHost", {
    params: { host: name },
    body: { name, color: "charts.red" },
  });
  expect(saved).toMatchObject({ id: Number(id), name, color: "charts.red" });
  expect(await client.call("updateHost", { params: { host: name }, body: { name: "fine" } })).toMatchObject({
    id: Number(id),
    name: "fine",
  });
  expect(
    await problemOf(client.call("updateHost", { params: { host: "fine" }, body: { name } })),
  ).toMatchObject({
    code: "invalid_request",
    members: { issues: [{ path: "name", message: containing("must not") }] },
  });
  await client.call("deleteHost", { params: { host: "fine" } });
});

test.each([...odd, "3"])("a new host is not called %s", async (name) => {
  expect(await problemOf(client.call("createHost", { body: { ...hostOf(sshd), name } }))).toMatchObject({
    code: "invalid_request",
    members: { issues: [{ path: "name", message: containing("must not") }] },
  });
});

test("names that mean others are not imported from the SSH config", async () => {
  const { imported, skipped } = await client.call("importHosts", { body: { source: "ssh_config" } });
  expect(imported).toEqual([]);
  expect(skipped).toEqual([
    { name: String(odd.length + 2), reason: containing("its name must not be a number") },
    { name: "group:x", reason: containing("its name must not begin with tag: or group:") },
  ]);
});
