import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Change } from "../../protocol/change.ts";
import { openTestDaemon } from "../support/daemon.ts";
import { problemOf } from "../support/http.ts";

await using stack = new AsyncDisposableStack();
const daemon = stack.use(await openTestDaemon());
const owned = stack.move();
afterAll(() => owned.disposeAsync());
let { client } = daemon;

const config = join(daemon.home, ".ssh/config");
const configText = ["# mine", "Include more.conf", "", "Host web1 web2", "  HostName 10.0.0.1", ""].join(
  "\n",
);

const hostNamed = (host: string) => client.call("getHost", { params: { host } });

beforeAll(async () => {
  await mkdir(join(daemon.home, ".ssh"), { recursive: true });
  await writeFile(config, configText);
  await writeFile(join(daemon.home, ".ssh/more.conf"), "\nHost included\n");
});

test("a host of the SSH config says where it stands", async () => {
  const { items } = await client.call("listHosts");
  expect(Object.fromEntries(items.map(({ name, configAt }) => [name, configAt]))).toEqual({
    web1: { file: config, line: 4 },
    web2: { file: config, line: 4 },
    included: { file: join(daemon.home, ".ssh/more.conf"), line: 2 },
  });
  expect((await hostNamed("web2")).configAt).toEqual({ file: config, line: 4 });
  // Neither in the SSH config nor saved, and saved.
  expect(await hostNamed("ann@elsewhere.example")).toMatchObject({ id: null, configAt: null });
  const body = { name: "only-here", address: "10.0.0.9" };
  expect((await client.call("createHost", { body })).configAt).toBeNull();
  expect((await hostNamed("only-here")).configAt).toBeNull();
  const listed = (await client.call("listHosts")).items.find(({ name }) => name === "only-here");
  expect(listed?.configAt).toBeNull();
  await client.call("deleteHost", { params: { host: "only-here" } });
});

test("it is marked, grouped and coloured without a change to its file, and every client is told", async () => {
  const changes: Change[] = [];
  const end = new AbortController();
  const opened = Promise.withResolvers<void>();
  const saved = Promise.withResolvers<void>();
  const reading = (async () => {
    for await (const { event } of client.changes({ after: "0.0", signal: end.signal })) {
      changes.push(event);
      if (event.type === "reset") opened.resolve();
      if (event.type === "hostSaved") saved.resolve();
    }
  })().catch(() => undefined);
  await opened.promise;
  const body = { production: true, group: "prod/web", color: "charts.red", tags: ["eu"] };
  const marked = await client.call("updateHost", { params: { host: "web1" }, body });
  expect(marked).toMatchObject({ id: null, address: "10.0.0.1", ...body });
  expect(await hostNamed("web1")).toEqual(marked);
  // A list has no values that only one host is asked for.
  const { effective: _, notHonoured: _told, user: _user, ...listed } = marked;
  const { items } = await client.call("listHosts");
  expect(items.find(({ name }) => name === "web1")).toEqual({ ...listed, user: null });
  expect(await hostNamed("web2")).toMatchObject({ production: false, group: null, tags: [], color: null });
  await saved.promise;
  expect(changes).toContainEqual(
    expect.objectContaining({ type: "hostSaved", host: { ...listed, user: null } }),
  );
  end.abort();
  await reading;
  expect(await readFile(config, "utf8")).toBe(configText);
});

test("one part is changed, and the others stay", async () => {
  const params = { host: "web1" };
  await client.call("updateHost", { params, body: { group: null } });
  expect(await hostNamed("web1")).toMatchObject({
    group: null,
    production: true,
    color: "charts.red",
    tags: ["eu"],
  });
});

test("how it is connected to is set of it, since the file has no option for that", async () => {
  const params = { host: "web1" };
  const body = { transport: "openssh", worker: "off", legacyAlgorithms: true, loginShell: true } as const;
  expect(await client.call("updateHost", { params, body })).toMatchObject({ id: null, ...body });
  const { items } = await client.call("listHosts");
  expect(items.find(({ name }) => name === "web1")).toMatchObject(body);
  expect(await hostNamed("web2")).toMatchObject({ transport: "auto", legacyAlgorithms: false });
  await client.call("updateHost", { params, body: { transport: "auto", loginShell: false } });
  expect(await hostNamed("web1")).toMatchObject({
    transport: "auto",
    worker: "off",
    legacyAlgorithms: true,
  });
  expect(await readFile(config, "utf8")).toBe(configText);
});

test("what its file says is changed there", async () => {
  const body = { port: 1, production: false };
  const problem = await problemOf(client.call("updateHost", { params: { host: "web1" }, body }));
  expect(problem).toMatchObject({ code: "conflict" });
  expect(problem.message).toContain("Change its port there");
  expect((await hostNamed("web1")).production).toBe(true);
  const nobody = client.call("updateHost", { params: { host: "nobody" }, body: { production: true } });
  expect((await problemOf(nobody)).code).toBe("host_unknown");
});

test("the mark outlives the daemon, and a change of the file", async () => {
  await daemon.kill("SIGTERM");
  const { home, stateDirectory } = daemon;
  ({ client } = owned.use(await openTestDaemon({ home, stateDirectory })));
  await appendFile(config, "  Port 2222\n");
  expect(await hostNamed("web1")).toMatchObject({
    port: 2222,
    production: true,
    tags: ["eu"],
    worker: "off",
    legacyAlgorithms: true,
  });
});

test("only the hosts that were named are imported, with their marks, and keep them when they are deleted", async () => {
  const source = { source: "ssh_config" } as const;
  const names = ["web1", "elsewhere"];
  const marked = {
    name: "web1",
    production: true,
    color: "charts.red",
    tags: ["eu"],
    legacyAlgorithms: true,
  };
  const configAt = { file: config, line: 4 };
  const tried = await client.call("importHosts", { body: { ...source, names, dryRun: true } });
  expect(tried.imported).toMatchObject([{ ...marked, configAt }]);
  const { imported, skipped } = await client.call("importHosts", { body: { ...source, names } });
  expect(imported).toMatchObject([{ ...marked, configAt }]);
  expect(skipped).toEqual([{ name: "elsewhere", reason: "the file does not name it" }]);
  const saved = await hostNamed("web1");
  expect(saved.id).not.toBeNull();
  expect(saved.configAt).toEqual(configAt);
  await client.call("deleteHost", { params: { host: "web1" } });
  expect(await hostNamed("web1")).toMatchObject({ id: null, production: true });
  expect((await hostNamed("web2")).id).toBeNull();
});
