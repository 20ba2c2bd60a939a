import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { rename } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { createServer } from "node:net";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { call } from "../../../client/request.ts";
import { openOutput, writeStdin } from "../../../client/run-bytes.ts";
import { Transport } from "../../../client/transport.ts";
import { defaultSettings } from "../../../protocol/settings.ts";
import { Problem } from "../../../protocol/problem.ts";
import { openDirectory } from "../../support/directory.ts";
import { bodyOf, failureOf, openSocketServer } from "./socket-server.ts";

const health = { status: "ok", version: "1.2.3", protocol: 1, pid: 42 };

function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

test("an answer is parsed by its endpoint's schema", async () => {
  await using server = await openSocketServer((_, response) => json(response, { ...health, more: 1 }));
  expect(await call(server, "health")).toEqual(health);
  expect(server.requests[0]?.headers.host).toBe("hostrun");
  expect(server.requests[0]?.headers.authorization).toBeUndefined();
});

test("a token is sent where one is needed", async () => {
  await using server = await openSocketServer((_, response) => json(response, health));
  using transport = new Transport(server.socket, "secret");
  await call({ transport }, "health");
  expect(server.requests[0]?.headers.authorization).toBe("Bearer secret");
});

test("parameters and queries are escaped", async () => {
  await using server = await openSocketServer((_, response) =>
    json(response, { items: [], nextCursor: null }),
  );
  await call(server, "listRuns", { query: { q: "a b&c=d/é", limit: "5" } });
  await failureOf(call(server, "getHost", { params: { host: "a/../b?c#d" } }));
  expect(server.requests.map(({ url }) => url)).toEqual([
    "/api/runs?q=a+b%26c%3Dd%2F%C3%A9&limit=5",
    "/api/hosts/a%2F..%2Fb%3Fc%23d",
  ]);
});

test("a body is JSON with its length, and an endpoint with a body never goes without", async () => {
  const bodies: string[] = [];
  await using server = await openSocketServer(async (request, response) => {
    const { "content-type": type, "content-length": length } = request.headers;
    bodies.push([type, length, await bodyOf(request)].join(" "));
    json(response, health, 202);
  });
  await call(server, "shutdown", { body: { drain: true } });
  await call(server, "shutdown");
  expect(bodies).toEqual(['application/json 14 {"drain":true}', "application/json 2 {}"]);
});

test("a problem of the daemon is thrown as it is", async () => {
  const sent = new Problem("host_key_unknown", "web1 is not known.", {
    host: "web1",
    fingerprint: "SHA256:x",
  });
  await using server = await openSocketServer((_, response) => json(response, sent, sent.status));
  const failure = await failureOf(call(server, "getHost", { params: { host: "web1" } }));
  expect(failure).toBeInstanceOf(Problem);
  expect(failure).toMatchObject({ code: sent.code, message: sent.message, members: sent.members });
});

test.each([
  ["JSON of another shape", 200, JSON.stringify({ status: "fine" })],
  ["no JSON", 200, "<html>"],
  ["a failure that is no problem", 500, "oops"],
  [
    "a problem of an unknown code",
    400,
    JSON.stringify({ ...new Problem("conflict", "x").toJSON(), code: "new" }),
  ],
])("%s is daemon_incompatible", async (_, status, body) => {
  await using server = await openSocketServer((_request, response) => response.writeHead(status).end(body));
  expect(await failureOf(call(server, "health"))).toHaveProperty("code", "daemon_incompatible");
});

test("settings and codes that only a newer daemon has are no hindrance", async () => {
  const values = { ...defaultSettings, colourOfTheSky: "blue" };
  const unheard = {
    type: "t",
    title: "T",
    status: 409,
    code: "too_blue",
    detail: "It is too blue.",
    retryable: false,
  };
  await using server = await openSocketServer((request, response) => {
    if (request.method === "GET") response.end(JSON.stringify({ values, sources: {} }));
    else response.writeHead(409).end(JSON.stringify(unheard));
  });
  expect((await call(server, "getSettings")).values).toEqual(defaultSettings);
  const failure = await failureOf(call(server, "updateSettings", { body: {} }));
  expect(String(failure)).toContain("It is too blue.");
});

test("an empty answer is undefined", async () => {
  await using server = await openSocketServer((_, response) => response.writeHead(204).end());
  expect(await call(server, "deleteHost", { params: { host: "a" } })).toBeUndefined();
});

test("without a socket the daemon is not running", async () => {
  await using directory = await openDirectory();
  using transport = new Transport(directory.join("none.sock"));
  const failure = await failureOf(call({ transport }, "health"));
  expect(failure).toMatchObject({ code: "daemon_unreachable", members: { reason: "not_running" } });
});

test("on a socket that nobody listens on the daemon is not running", async () => {
  await using directory = await openDirectory();
  const left = directory.join("left.sock");
  const listener = createServer().listen(directory.join("it.sock"));
  await once(listener, "listening");
  await rename(directory.join("it.sock"), left);
  const closed = once(listener, "close");
  listener.close();
  await closed;
  using transport = new Transport(left);
  const failure = await failureOf(call({ transport }, "health"));
  expect(failure).toMatchObject({ code: "daemon_unreachable", members: { reason: "not_running" } });
});

test("a daemon that hangs up is cut off, with no second try of what may have been done", async () => {
  await using server = await openSocketServer((request) => request.socket.destroy());
  const failure = await failureOf(call(server, "cancelRun", { params: { run: "x" }, body: {} }));
  expect(failure).toMatchObject({ code: "daemon_unreachable", members: { reason: "cut" } });
  expect(server.requests).toHaveLength(1);
});

test("what carries a key is sent once more where the daemon hangs up, with the same key", async () => {
  await using server = await openSocketServer((request) => request.socket.destroy());
  const failure = await failureOf(call(server, "rerun", { params: { run: "x" }, body: {} }));
  expect(failure).toMatchObject({ code: "daemon_unreachable", members: { reason: "cut" } });
  const [first, second, ...more] = server.requests.map(({ headers }) => headers["idempotency-key"]);
  expect(first).toMatch(/./);
  expect(second).toBe(first);
  expect(more).toEqual([]);
});

test("what starts something is sent by who can go over to another daemon, each time with the same key; what doesn't is not", async () => {
  await using server = await openSocketServer((_, response) => response.writeHead(503).end());
  const sent: unknown[] = [];
  const start = async <T>(send: () => Promise<T>): Promise<T> => {
    sent.push(await failureOf(send()));
    return send();
  };
  const caller = { transport: server.transport, start };
  for (const name of ["rerun", "cancelRun"] as const) {
    await failureOf(call(caller, name, { params: { run: "x" }, body: {} }));
  }
  expect(sent).toHaveLength(1);
  const [first, second, ...more] = server.requests.map(({ headers }) => headers["idempotency-key"]);
  expect(first).toMatch(/./);
  expect([second, ...more]).toEqual([first, undefined]);
});

test("an aborted signal rejects with its reason, and the request is given up", async () => {
  await using server = await openSocketServer(() => undefined);
  const controller = new AbortController();
  const failing = failureOf(call(server, "health", { signal: controller.signal }));
  controller.abort();
  expect(await failing).toHaveProperty("name", "AbortError");
  await server.empty();
});

test("warm calls share one connection", async () => {
  await using server = await openSocketServer((_, response) => json(response, health));
  for (let index = 0; index < 5; index += 1) await call(server, "health");
  expect(server.connections()).toBe(1);
});

test("a kept connection that the daemon has closed is replaced: what may be repeated is, unseen", async () => {
  let answered = 0;
  await using server = await openSocketServer((request, response) => {
    answered += 1;
    if (answered === 2) request.socket.destroy();
    else json(response, health);
  });
  await call(server, "health");
  expect(await call(server, "health")).toEqual(health);
  expect(server.requests).toHaveLength(3);
});

test("what must not be repeated never travels on a kept connection", async () => {
  await using server = await openSocketServer((_, response) => json(response, health, 202));
  await call(server, "health");
  await call(server, "shutdown");
  await call(server, "shutdown");
  expect(server.connections()).toBe(3);
});

test("standard input goes out byte for byte", async () => {
  const input = randomBytes(3 * 1024 * 1024 + 17);
  let received = "";
  await using server = await openSocketServer(async (request, response) => {
    received = createHash("sha256")
      .update(await bodyOf(request))
      .digest("hex");
    response.writeHead(204).end();
  });
  await writeStdin(server.transport, "r", Readable.from([input.subarray(0, 7), input.subarray(7)]), {
    end: true,
  });
  expect(received).toBe(createHash("sha256").update(input).digest("hex"));
  expect(server.requests[0]?.url).toBe("/api/runs/r/stdin?end=true");
  expect(server.requests[0]?.headers["content-type"]).toBe("application/octet-stream");
});

test("standard input is read no faster than the daemon takes it", async () => {
  let pulled = 0;
  const endless = new Readable({
    read() {
      pulled += 65_536;
      this.push(Buffer.alloc(65_536));
    },
  });
  await using server = await openSocketServer((request) => void request.pause());
  const controller = new AbortController();
  const failing = failureOf(
    writeStdin(server.transport, "r", endless, { end: true, signal: controller.signal }),
  );
  let before = -1;
  while (pulled !== before) {
    before = pulled;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(pulled).toBeLessThan(4 * 1024 * 1024);
  controller.abort();
  expect(await failing).toHaveProperty("name", "AbortError");
  expect(endless.destroyed).toBe(true);
});

test("standard input of a run that has ended is a conflict", async () => {
  const sent = new Problem("conflict", "The run has ended.");
  await using server = await openSocketServer((_, response) => json(response, sent, sent.status));
  const failure = await failureOf(writeStdin(server.transport, "r", Readable.from(["x"]), { end: true }));
  expect(failure).toHaveProperty("code", "conflict");
});

test("recorded output comes as bytes", async () => {
  const output = randomBytes(300_000);
  await using server = await openSocketServer((_, response) => response.end(output));
  const chunks: Buffer[] = [];
  for await (const chunk of await openOutput(server.transport, "r", "stderr")) {
    if (chunk instanceof Buffer) chunks.push(chunk);
  }
  expect(Buffer.concat(chunks).equals(output)).toBe(true);
  expect(server.requests[0]?.url).toBe("/api/runs/r/output?stream=stderr");
});
