import { once } from "node:events";
import { appendFile, mkdir, writeFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestDaemon } from "../support/daemon.ts";
import { problemOf } from "../support/http.ts";
import { hostOf, knowHosts, openHostedDaemon, openStream } from "../support/hosted-daemon.ts";
import { containing } from "../support/matching.ts";
import { RunReading } from "../support/run-stream.ts";
import { openSshd } from "../support/sshd.ts";
import { openTcpPeer } from "../support/tcp-peer.ts";

await using stack = new AsyncDisposableStack();
const daemon = stack.use(await openTestDaemon());
const bastion = stack.use(await openSshd());
const inner = stack.use(await openSshd({ address: "127.0.0.2" }));
const owned = stack.move();
afterAll(() => owned.disposeAsync());
const { client } = daemon;

async function runOn(host: string | number, command = "echo in"): Promise<RunReading> {
  return new RunReading().follow(await openStream(daemon, command, { host }));
}

beforeAll(async () => {
  await knowHosts(daemon.home, bastion.knownHosts + inner.knownHosts);
  await mkdir(join(daemon.home, ".ssh/more"));
  await writeFile(
    join(daemon.home, ".ssh/config"),
    [
      "Include more/*.conf",
      "Host gate",
      `  HostName ${bastion.address}`,
      `  Port ${bastion.port}`,
      "Host alias",
      `  HostName ${inner.address}`,
      `  Port ${inner.port}`,
      `  IdentityFile ${inner.clientKey.path}`,
      "  ProxyJump gate",
      "Host proxied",
      `  HostName ${inner.address}`,
      `  Port ${inner.port}`,
      `  IdentityFile ${inner.clientKey.path}`,
      "  ProxyCommand socat STDIO TCP:%h:%p",
      "Host needing",
      "  ProxyCommand true",
      "  ProxyUseFdpass yes",
      "Host *.pattern !not",
      "  User somebody",
      "Host *",
      `  User ${inner.user}`,
      `  IdentityFile ${bastion.clientKey.path}`,
      "  IdentitiesOnly yes",
      "",
    ].join("\n"),
  );
  await writeFile(
    join(daemon.home, ".ssh/more/one.conf"),
    `Host included\n  HostName ${inner.address}\n  Port ${inner.port}\n  IdentityFile ${inner.clientKey.path}\n`,
  );
});

describe("saved hosts", () => {
  test("are made, read, changed and deleted, by id and by name", async () => {
    const answer = await daemon.http.ask("POST", "/api/hosts", {
      json: {
        name: "db1",
        address: "10.0.0.5",
        group: "prod/db",
        tags: ["db", "eu", "db"],
        production: true,
      },
    });
    expect(answer.status).toBe(201);
    const host = await client.call("getHost", { params: { host: "db1" } });
    expect(answer.json()).toEqual(host);
    expect(answer.headers.location).toBe(`/api/hosts/${String(host.id)}`);
    expect(host).toMatchObject({
      port: 22,
      user: null,
      jump: [],
      group: "prod/db",
      tags: ["db", "eu"],
      production: true,
      source: "manual",
    });
    const renamed = await client.call("updateHost", {
      params: { host: String(host.id) },
      body: { name: "db2", port: 2200, group: null },
    });
    expect(renamed).toMatchObject({ id: host.id, name: "db2", port: 2200, group: null, tags: ["db", "eu"] });
    expect((await problemOf(client.call("getHost", { params: { host: "db1" } }))).code).toBe("host_unknown");
    for (const q of ["db2", "10.0.0", "EU"]) {
      const { items } = await client.call("listHosts", { query: { q } });
      expect(items.map(({ name }) => name)).toEqual(["db2"]);
    }
    await client.call("deleteHost", { params: { host: "db2" } });
    expect((await problemOf(client.call("getHost", { params: { host: "db2" } }))).code).toBe("host_unknown");
  });

  test("lend what is known of them to destinations with another user or port", async () => {
    const body = { name: "lent", address: "10.0.0.7", user: "root", production: true, tags: ["x"] };
    const host = await client.call("createHost", { body });
    expect(await client.call("getHost", { params: { host: "ann@lent:2200" } })).toMatchObject({
      ...body,
      id: null,
      name: "ann@lent:2200",
      user: "ann",
      port: 2200,
    });
    await client.call("deleteHost", { params: { host: String(host.id) } });
    expect(await client.call("getHost", { params: { host: "lent:2200" } })).toMatchObject({
      id: null,
      name: "lent:2200",
      address: "lent",
      port: 2200,
      production: false,
    });
    const codeOf = async (name: string): Promise<string> =>
      (await problemOf(client.call("getHost", { params: { host: name } }))).code;
    expect(await codeOf("lent")).toBe("host_unknown");
    for (const name of ["root@", "root@:22", "a b:22"]) {
      expect(await codeOf(name)).toBe("invalid_request");
    }
  });

  test("have names of their own", async () => {
    const body = { name: "twice", address: "10.0.0.1" };
    await client.call("createHost", { body });
    await client.call("createHost", { body: { ...body, name: "thrice" } });
    expect((await problemOf(client.call("createHost", { body }))).code).toBe("conflict");
    const rename = client.call("updateHost", { params: { host: "thrice" }, body: { name: "twice" } });
    expect((await problemOf(rename)).code).toBe("conflict");
    for (const host of ["twice", "thrice"]) await client.call("deleteHost", { params: { host } });
  });

  test("are run on by id, by hostId and by name, and their runs outlive them", async () => {
    const host = await client.call("createHost", { body: { ...hostOf(bastion), name: "short-lived" } });
    const byName = await runOn("short-lived");
    expect(byName.text()).toBe("in\n");
    expect((await runOn(host.id ?? 0)).text()).toBe("in\n");
    const stream = await daemon.http.open("POST", "/api/ssh/stream", {
      json: { hostId: host.id, command: "echo by hostId" },
    });
    expect((await new RunReading().follow(stream)).text()).toBe("by hostId\n");
    await client.call("deleteHost", { params: { host: "short-lived" } });
    const run = await client.call("getRun", { params: { run: byName.id } });
    expect(run.host).toEqual({ id: host.id, name: "short-lived", address: bastion.address });
    const again = client.call("rerun", { params: { run: byName.id }, body: {} });
    expect((await problemOf(again)).code).toBe("host_unknown");
  });

  test("are tested without anything being run", async () => {
    await client.call("createHost", { body: { ...hostOf(bastion), name: "tested" } });
    const first = await client.call("testHost", { params: { host: "tested" }, body: {} });
    expect(first).toMatchObject({
      ok: true,
      host: "tested",
      hostKey: { keyType: "ssh-ed25519", fingerprint: bastion.hostKeys[0]?.fingerprint },
    });
    expect(first.server).toContain("OpenSSH");
    const second = await client.call("testHost", { params: { host: "tested" }, body: {} });
    expect(second.reusedConnection).toBe(true);
    await client.call("deleteHost", { params: { host: "tested" } });
  });

  test("are tested again and again over one kept connection to the daemon", async () => {
    await using hosted = await openHostedDaemon();
    // More than the listeners that an emitter may have of one kind before Node warns.
    for (let count = 0; count < 12; count += 1) {
      expect((await hosted.http.ask("POST", "/api/hosts/web1/test", { json: {} })).status).toBe(200);
    }
  });

  test("whose test is given up are left alone", async () => {
    const taken = Promise.withResolvers<Socket>();
    await using silent = await openTcpPeer((socket) => taken.resolve(socket.resume()));
    await client.call("createHost", { body: { name: "silent", address: "127.0.0.1", port: silent.port } });
    const over = new AbortController();
    const body = { connectTimeoutMs: 600_000 };
    const testing = client.call("testHost", { params: { host: "silent" }, body, signal: over.signal });
    const failed = expect(testing).rejects.toThrow();
    const closed = once(await taken.promise, "close");
    over.abort();
    await closed;
    await failed;
    await client.call("deleteHost", { params: { host: "silent" } });
  });

  test("behind a bastion are reached through it", async () => {
    await client.call("createHost", { body: { ...hostOf(bastion), name: "bastion" } });
    await client.call("createHost", { body: { ...hostOf(inner), name: "inner", jump: ["bastion"] } });
    const run = await runOn("inner", 'echo "$SSH_CONNECTION"');
    expect(run.text()).toMatch(new RegExp(`^127\\.0\\.0\\.1 \\d+ ${inner.address} ${inner.port}\n$`));
    const { items } = await client.call("listConnections");
    expect(items.some(({ host, jump }) => host === "inner" && jump.length === 1)).toBe(true);
    expect(bastion.log()).toContain("Accepted publickey");
  });

  test("that go in a circle are refused when a host is added, changed and imported", async () => {
    const at = { address: "10.0.0.1" };
    const refused = async (method: "POST" | "PATCH", path: string, json: object, loop: string) => {
      const answer = await daemon.http.ask(method, path, { json });
      const message = `must not form a loop: ${loop}`;
      expect(answer.problem()).toMatchObject({
        code: "invalid_request",
        detail: `jump: ${message}`,
        issues: [{ path: "jump", message }],
      });
    };
    await refused("POST", "/api/hosts", { ...at, name: "own", jump: ["me@own:22"] }, "own → own");
    await client.call("createHost", { body: { ...at, name: "first" } });
    await refused("PATCH", "/api/hosts/first", { jump: ["first"] }, "first → first");
    await client.call("createHost", { body: { ...at, name: "second", jump: ["first"] } });
    await client.call("createHost", { body: { ...at, name: "third", jump: ["far.example", "second"] } });
    await client.call("createHost", { body: { ...at, name: "fourth", jump: ["second"] } });
    await refused("PATCH", "/api/hosts/first", { jump: ["fourth"] }, "first → fourth → second → first");
    await client.call("createHost", { body: { ...at, name: "fifth", jump: ["sixth"] } });
    await refused("PATCH", "/api/hosts/fifth", { name: "sixth" }, "sixth → sixth");
    // third is reached through far.example, and the way of second is no part of its own.
    await client.call("updateHost", { params: { host: "first" }, body: { jump: ["third"], tags: ["web"] } });
    const hosts = [{ ...at, name: "seventh", jump: ["seventh"] }];
    const { skipped } = await client.call("importHosts", { body: { source: "hosts", hosts } });
    const reason = "its jump hosts must not form a loop: seventh → seventh";
    expect(skipped).toEqual([{ name: "seventh", reason }]);
  });

  test("that go in a circle by the SSH config are refused before anything is tried", async () => {
    await client.call("createHost", { body: { name: "one", address: "10.0.0.1", jump: ["two"] } });
    await appendFile(join(daemon.home, ".ssh/config"), "Match originalhost two\n  ProxyJump one\n");
    const answer = await daemon.http.ask("POST", "/api/runs", { json: { host: "one", command: "true" } });
    expect(answer.problem()).toMatchObject({ code: "conflict" });
    expect(answer.problem().detail).toContain("one → two → one");
    // Nobody has to get there for what is kept of it to be forgotten.
    expect((await daemon.http.ask("DELETE", "/api/hosts/one/secrets")).status).toBe(204);
  });
});

describe("hosts of the SSH config", () => {
  test("are listed without being saved, patterns left out", async () => {
    const { items } = await client.call("listHosts");
    const unsaved = items.filter(({ id }) => id === null);
    expect(unsaved.map(({ name }) => name).sort()).toEqual([
      "alias",
      "gate",
      "included",
      "needing",
      "proxied",
    ]);
    expect(unsaved.find(({ name }) => name === "alias")).toMatchObject({
      address: inner.address,
      port: inner.port,
      user: inner.user,
      jump: ["gate"],
      source: "ssh_config",
      createdAt: null,
    });
  });

  test.each(["gate", "alias", "included", "proxied"])("are run on by their alias: %s", async (alias) => {
    const run = await runOn(alias);
    expect(run.text()).toBe("in\n");
    expect(run.events[0]).toMatchObject({ run: { host: { id: null, name: alias } } });
  });

  test("that need what Hostrun does not do say so, and are not reached without it", async () => {
    const { problem } = await runOn("needing");
    expect(problem).toMatchObject({ code: "conflict", members: { reason: "option_not_honoured" } });
    expect(problem.message).toContain(
      "needing needs an option that Hostrun does not support: ProxyUseFdpass yes",
    );
    const host = await client.call("getHost", { params: { host: "needing" } });
    expect(host.notHonoured).toMatchObject([{ option: "ProxyUseFdpass", value: "yes", needed: true }]);
  });

  test("are also those that only a pattern covers", async () => {
    const host = await client.call("getHost", { params: { host: "x.pattern" } });
    expect(host).toMatchObject({ id: null, name: "x.pattern", user: "somebody" });
    const answer = await daemon.http.ask("POST", "/api/runs", { json: { host: "not", command: "true" } });
    expect(answer.problem().code).toBe("host_unknown");
  });

  test("are changed and deleted in their file, not here", async () => {
    const params = { host: "gate" };
    expect((await problemOf(client.call("updateHost", { params, body: { port: 1 } }))).code).toBe("conflict");
    expect((await problemOf(client.call("deleteHost", { params }))).code).toBe("conflict");
  });

  test("are imported, after a dry run that changes nothing", async () => {
    const source = { source: "ssh_config" } as const;
    const before = await client.call("listHosts");
    const dry = await client.call("importHosts", { body: { ...source, dryRun: true } });
    const all = ["alias", "gate", "included", "needing", "proxied"];
    expect(dry.imported.map(({ name }) => name).sort()).toEqual(all);
    expect(dry.skipped).toEqual([]);
    expect(await client.call("listHosts")).toEqual(before);

    const { imported } = await client.call("importHosts", { body: source });
    expect(imported.every(({ id }) => id !== null)).toBe(true);
    const again = await client.call("importHosts", { body: source });
    expect(again.imported).toEqual([]);
    expect(again.skipped.map(({ name }) => name).sort()).toEqual(all);
    expect(imported.find(({ name }) => name === "alias")).toMatchObject({
      user: inner.user,
      imported: {
        name: "alias",
        path: null,
        identityFiles: [inner.clientKey.path, bastion.clientKey.path],
        identitiesOnly: true,
      },
    });
    for (const name of ["alias", "proxied"]) expect((await runOn(name)).text()).toBe("in\n");
    expect((await runOn("alias")).events[0]).toMatchObject({ run: { host: { name: "alias" } } });
  });

  test("that are saved are compared with the file, and changed only where that is wanted", async () => {
    const source = { source: "ssh_config" } as const;
    const body = { ...source, names: ["alias", "gate"], update: true };
    await client.call("importHosts", { body: source });
    await client.call("updateHost", { params: { host: "gate" }, body: { port: 2022, tags: ["mine"] } });
    const dry = await client.call("importHosts", { body: { ...body, dryRun: true } });
    expect(dry).toMatchObject({
      imported: [],
      updated: [{ host: { name: "gate" }, changes: [{ field: "port", from: 2022, to: bastion.port }] }],
      same: ["alias"],
      skipped: [],
    });
    const { updated } = await client.call("importHosts", { body });
    expect(updated).toMatchObject([{ host: { port: bastion.port, tags: ["mine"] } }]);
    expect(await client.call("importHosts", { body })).toMatchObject({
      updated: [],
      same: ["alias", "gate"],
    });
  });

  test("of an export are added, compared and changed with all that was set of them", async () => {
    const hosts = [
      { name: "exported", address: "10.3.0.1", group: "lab", favorite: true },
      { name: "gate", address: bastion.address, port: bastion.port, tags: ["yours"] },
    ];
    const source = { source: "hosts" } as const;
    const body = { ...source, hosts };
    await client.call("importHosts", { body: { source: "ssh_config" } });
    await client.call("updateHost", { params: { host: "gate" }, body: { tags: ["mine"] } });
    const { imported, skipped } = await client.call("importHosts", { body });
    expect(imported).toMatchObject([
      { name: "exported", port: 22, group: "lab", favorite: true, source: "manual" },
    ]);
    expect(skipped).toEqual([{ name: "gate", reason: "a host with this name already exists" }]);
    const again = await client.call("importHosts", { body: { ...body, update: true, dryRun: true } });
    expect(again.same).toEqual(["exported"]);
    expect(again.updated[0]?.changes).toContainEqual({ field: "tags", from: ["mine"], to: ["yours"] });
    const { items } = await client.call("listHosts");
    expect(items[0]?.name).toBe("exported");
    for (const wrong of [source, { source: "ssh_config" as const, hosts }, { ...body, path: "~/x" }]) {
      expect((await problemOf(client.call("importHosts", { body: wrong }))).code).toBe("invalid_request");
    }
    await client.call("deleteHost", { params: { host: "exported" } });
  });

  test("of an export that are none are skipped alone, by name and field, and so is one that is there twice", async () => {
    const good = { name: "whole", address: "10.3.0.2" };
    const hosts = [
      { name: "no-port", address: "10.3.0.1", port: 70_000 },
      good,
      { ...good, address: "10.3.0.9" },
      { address: "10.3.0.1" },
      { name: "more", address: "10.3.0.1", jumps: [] },
      { name: "a;id", address: "10.3.0.1" },
      { name: "all", address: "10.3.0.1" },
      null,
      "web1",
      [good],
    ];
    const body = { source: "hosts" as const, hosts };
    const { imported, skipped } = await client.call("importHosts", { body });
    expect(imported).toMatchObject([good]);
    expect(skipped).toMatchObject([
      { name: "no-port", reason: containing("port: ") },
      { name: "whole", reason: "it is there more than once, and the first one counts" },
      { name: "host 4", reason: containing("name: ") },
      { name: "more", reason: "jumps: is not known here" },
      { name: "a;id", reason: "name: must not contain shell metacharacters" },
      { name: "all", reason: "its name must not be all, which means every host" },
      { name: "host 8", reason: containing("must be") },
      { name: "host 9", reason: containing("must be") },
      { name: "host 10", reason: containing("must be") },
    ]);
    const some = await client.call("importHosts", {
      body: { ...body, names: ["whole", "gone"], update: true },
    });
    expect(some).toMatchObject({
      same: ["whole"],
      skipped: [
        { name: "whole", reason: containing("more than once") },
        { name: "gone", reason: "the file does not name it" },
      ],
    });
    await client.call("deleteHost", { params: { host: "whole" } });
  });

  test("of a file that is not there are not imported", async () => {
    const body = { source: "ssh_config", path: "~/.ssh/nowhere" } as const;
    expect((await problemOf(client.call("importHosts", { body }))).code).toBe("not_found");
  });

  test("follow their file", async () => {
    await writeFile(join(daemon.home, ".ssh/more/two.conf"), "Host just-added\n  HostName 10.9.8.7\n");
    const host = await client.call("getHost", { params: { host: "just-added" } });
    expect(host).toMatchObject({ id: null, address: "10.9.8.7" });
  });
});
