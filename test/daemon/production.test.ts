import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openHostedDaemon } from "../support/hosted-daemon.ts";

test.each([
  ["/api/runs", { host: "web1" }],
  ["/api/ssh/stream", { hostId: "web1" }],
])("POST %s with production=refuse runs nothing on a production host", async (path, target) => {
  await using daemon = await openHostedDaemon();
  const { http } = daemon;
  const body = { ...target, command: `echo ran >> ${daemon.home}/ran` };
  const free = await http.ask("POST", `${path}?production=refuse`, { json: body });
  expect(free.status).toBeLessThan(300);
  await http.ask("PATCH", "/api/hosts/web1", { json: { production: true } });
  const refused = await http.ask("POST", `${path}?production=refuse`, { json: body });
  expect(refused.status).toBe(409);
  expect(JSON.parse(refused.bytes.toString())).toMatchObject({ code: "confirmation_required", host: "web1" });
  const { items } = await daemon.client.call("listRuns");
  expect(items).toHaveLength(1);
  const agreed = await http.ask("POST", path, { json: body });
  expect(agreed.status).toBeLessThan(300);
});

test("what is called by the name of a production host, or is its machine, is on production", async () => {
  await using daemon = await openHostedDaemon({ host: { production: true } });
  const { client, http, sshd, home } = daemon;
  const { address, port } = sshd;
  const at = { address, port, user: "somebody" };
  await client.call("createHost", { body: { ...at, name: "same" } });
  await client.call("createHost", { body: { ...at, name: "other-port", port: 9 } });
  await client.call("createHost", { body: { ...at, name: "through", jump: ["bastion"] } });
  await client.call("createHost", { body: { name: "by-name", address: "configured", port } });
  const config = `Host configured\n  HostName ${address}\n  Port ${port}\nHost free\n  HostName 127.0.0.9\n`;
  await writeFile(join(home, ".ssh/config"), config);
  const answers = async (...hosts: string[]): Promise<Record<string, number>> => {
    const asked = hosts.map(async (host): Promise<[string, number]> => {
      const json = { host, command: "true", connectTimeoutMs: 1 };
      return [host, (await http.ask("POST", "/api/runs?production=refuse", { json })).status];
    });
    return Object.fromEntries(await Promise.all(asked));
  };
  const typed = `x@${address}:${port}`;
  expect(
    await answers("web1", "x@web1", "web1:9", "same", "through", "by-name", "configured", typed),
  ).toEqual({
    web1: 409,
    "x@web1": 409,
    "web1:9": 409,
    same: 409,
    through: 409,
    "by-name": 409,
    configured: 409,
    [typed]: 409,
  });
  expect(await answers("other-port", "free", `x@${address}:9`)).toEqual({
    "other-port": 201,
    free: 201,
    [`x@${address}:9`]: 201,
  });
  const resolved = (...targets: string[]) => client.call("resolveTargets", { body: { targets } });
  const { production } = await resolved("web1", "same", "other-port", "configured", "free", typed);
  expect(production).toEqual(["web1", "same", "configured", typed]);

  // Of a host of the SSH config the mark is Hostrun's, and its machine is known by what ssh says.
  await client.call("updateHost", { params: { host: "free" }, body: { production: true } });
  await client.call("createHost", { body: { name: "free-too", address: "127.0.0.9", port: 22 } });
  expect(await answers("free-too", "other-port")).toEqual({ "free-too": 409, "other-port": 201 });
});
