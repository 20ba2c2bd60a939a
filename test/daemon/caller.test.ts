import { afterAll, describe, expect, test } from "vitest";
import { api } from "../../protocol/api.ts";
import type { Endpoint } from "../../protocol/endpoint.ts";
import { ProblemDetails } from "../../protocol/problem-details.ts";
import { openCounter } from "../support/counter.ts";
import { openHostedDaemon } from "../support/hosted-daemon.ts";

const daemon = await openHostedDaemon();
const counter = await openCounter();
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  await counter[Symbol.asyncDispose]();
});
const ended = await daemon.run("true");

/** What there is to see of what requests have done. */
async function traces() {
  const { client } = daemon;
  return {
    runs: (await client.call("listRuns")).items,
    hosts: (await client.call("listHosts")).items,
    keys: (await client.call("listKnownHosts")).items,
    settings: await client.call("getSettings"),
    executions: await counter.count(),
  };
}
const before = await traces();

/** Every endpoint, with a body that would do something, and what is no endpoint. */
const requests: readonly (readonly [method: string, path: string])[] = [
  ...Object.values<Endpoint>(api).map(({ method, path }) => [method, pathOf(path)] as const),
  ["GET", "/"],
  ["GET", "/api/nope"],
  ["GET", "/favicon.ico"],
  ["PUT", "/api/runs"],
  ["HEAD", "/api/health"],
  ["OPTIONS", "/api/runs"],
  ["TRACE", "/api/health"],
];
const bodies: Readonly<Record<string, object>> = {
  "/api/runs": { host: "web1", command: counter.command },
  "/api/ssh/stream": { host: "web1", command: counter.command },
  "/api/hosts": { name: "planted", address: "10.0.0.1" },
  "/api/settings": { historyDays: 1 },
};

function pathOf(pattern: string): string {
  return pattern.replace(":run", ended.id).replace(":host", "web1").replace(/:\w+/g, "x");
}

describe.each([
  ["an Origin", { origin: "http://evil.test" }],
  ["the Origin of a sandbox", { origin: "null" }],
  ["an Origin like its own", { origin: "http://hostrun" }],
  ["an empty Origin", { origin: "" }],
  ["a Referer", { referer: "http://127.0.0.1:3000/page" }],
  ["an empty Referer", { referer: "" }],
  ["Sec-Fetch-Site: cross-site", { "sec-fetch-site": "cross-site" }],
  ["Sec-Fetch-Site: same-site", { "sec-fetch-site": "same-site" }],
  ["a Sec-Fetch-Site of its own", { "sec-fetch-site": "Cross-Site" }],
])("a request with %s", (_what, headers: Record<string, string>) => {
  test("is forbidden on every path, whatever it would come to, and does nothing", async () => {
    for (const [method, path] of requests) {
      const sent = method === "POST" || method === "PATCH" ? { json: bodies[path] ?? {} } : {};
      const answer = await daemon.http.ask(method, path, { headers, ...sent });
      expect(answer.status, `${method} ${path}`).toBe(403);
      expect(answer.headers["content-type"]).toBe("application/problem+json");
      expect(answer.headers["x-content-type-options"]).toBe("nosniff");
      if (method !== "HEAD") expect(answer.problem().code).toBe("forbidden");
    }
    expect(await traces()).toEqual(before);
  });

  test.each([
    ["a body that is not JSON", "POST /api/runs", "content-type: text/plain\r\nContent-Length: 1\r\n\r\nx"],
    ["a body without end", "POST /api/runs", "Content-Length: 999999999\r\n\r\n{"],
    ["a body that it asks for", "POST /api/runs", "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"],
    ["an expectation", "GET /api/health", "Expect: the-unexpected\r\n\r\n"],
    ["an upgrade", "GET /api/terminals/x/socket", upgradeTo("websocket")],
    ["another upgrade", "GET /api/health", upgradeTo("h2c")],
  ])("is forbidden also with %s", async (_with, target, more) => {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = `${target} HTTP/1.1\r\nHost: hostrun\r\nConnection: close\r\n`;
    const answer = await daemon.http.raw(head + lines.join("") + more);
    expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    expect(problemIn(answer).code).toBe("forbidden");
  });
});

test("a client that acts for a program may only read, as long as nobody can be asked to approve", async () => {
  const headers = { "hostrun-agent": "claude/1.0" };
  for (const [method, path] of requests) {
    if (method === "GET" || method === "HEAD") continue;
    const sent = method === "POST" || method === "PATCH" ? { json: bodies[path] ?? {} } : {};
    const answer = await daemon.http.ask(method, path, { headers, ...sent });
    expect([method, path, answer.status]).toEqual([method, path, 403]);
    const { code, detail } = answer.problem();
    expect(code).toBe("forbidden");
    expect(detail).toContain("approval");
  }
  expect((await daemon.http.ask("GET", "/api/hosts", { headers })).status).toBe(200);
  expect(await traces()).toEqual(before);
});

function upgradeTo(protocol: string): string {
  return `Connection: Upgrade\r\nUpgrade: ${protocol}\r\nSec-WebSocket-Version: 13\r\n\r\n`;
}

function problemIn(answer: string): ProblemDetails {
  return ProblemDetails.parse(JSON.parse(answer.slice(answer.indexOf("{"), answer.lastIndexOf("}") + 1)));
}

test.each([
  ["Host", "hostrun", "evil.test"],
  ["Host", "hostrun", "hostrun"],
  ["Content-Length", "0", "0"],
  ["Content-Type", "application/json", "text/plain"],
  ["Authorization", "Bearer a", "Bearer b"],
  ["Origin", "http://a", "http://b"],
  ["Referer", "http://a", "http://b"],
  ["Sec-Fetch-Site", "none", "cross-site"],
  ["Idempotency-Key", "a", "b"],
  ["Last-Event-ID", "a.1", "a.2"],
  ["Range", "bytes=0-1", "bytes=2-3"],
  ["Hostrun-Agent", "a/1", "b/1"],
  ["Hostrun-Client", "a", "b"],
])("two headers %s (%s, %s) are refused", async (name, first, second) => {
  const host = name === "Host" ? "" : "Host: hostrun\r\n";
  for (const [method, path] of [
    ["GET", "/api/health"],
    ["POST", "/api/runs"],
    ["GET", "/nope"],
  ]) {
    const head = `${method} ${path} HTTP/1.1\r\n${host}Connection: close\r\n`;
    const answer = await daemon.http.raw(
      `${head}${name}: ${first}\r\n${name.toLowerCase()}: ${second}\r\n\r\n`,
    );
    expect(answer, `${method} ${path}`).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    // Two lengths end in Node's own parser already.
    if (name !== "Content-Length")
      expect(problemIn(answer)).toMatchObject({
        code: "invalid_request",
        issues: [{ path: name.toLowerCase() }],
      });
  }
  expect(await traces()).toEqual(before);
});

test.each([
  ["a Host with a user", "Host: x@localhost\r\n"],
  ["a Host with a space", "Host: hostrun evil.test\r\n"],
  ["a Host with a path", "Host: hostrun/x\r\n"],
  ["two names in Host", "Host: hostrun, evil.test:80:80\r\n"],
])("%s is refused", async (_what, lines) => {
  const answer = await daemon.http.raw(`GET /api/health HTTP/1.1\r\nConnection: close\r\n${lines}\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
});

// From the 101st on, Node's own parser refuses them.
test.each([
  [99, "HTTP/1.1 200 OK"],
  [100, "HTTP/1.1 431 Request Header Fields Too Large"],
  [101, "HTTP/1.1 431 Request Header Fields Too Large"],
])("of %i headers", async (count, line) => {
  const more = "a: b\r\n".repeat(count - 2);
  const head = "GET /api/health HTTP/1.1\r\nHost: hostrun\r\nConnection: close\r\n";
  const answer = await daemon.http.raw(`${head}${more}\r\n`);
  expect(answer.split("\r\n")[0]).toBe(line);
  if (count > 99) expect(problemIn(answer)).toMatchObject({ code: "headers_too_large" });
});

test.each([
  ["a program's", {}],
  ["one that a person typed into a browser", { "sec-fetch-site": "none" }],
  ["one with a Host of any name, which on a socket means nothing", { host: "localhost:7878" }],
  ["one with an address for Host", { host: "[::1]:80" }],
  ["one with many Accept headers", { accept: "a/b, c/d" }],
])("%s is served", async (_what, headers: Record<string, string>) => {
  expect((await daemon.http.ask("GET", "/api/health", { headers })).status).toBe(200);
});

test("who asks before it sends a body is told to go on", async () => {
  const body = JSON.stringify({ historyDays: 1 });
  const answer = await daemon.http.raw(
    "PATCH /api/settings HTTP/1.1\r\nHost: hostrun\r\nConnection: close\r\nExpect: 100-continue\r\n" +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
  await daemon.client.call("updateSettings", { body: { historyDays: null } });
});

describe("names that JavaScript has a use of its own for", () => {
  test.each([
    ["a variable", `{"host":"web1","command":"env","env":{"__proto__":"lost"}}`],
    ["a variable with a hidden list", `{"host":"web1","command":"env","env":{"__proto__":{"X":"1"}}}`],
    ["a field", `{"host":"web1","command":"env","__proto__":{"useBash":true}}`],
    ["a field, escaped", String.raw`{"host":"web1","command":"env","\u005f_proto__":1}`],
    ["something deep down", `{"host":"web1","command":"env","stdin":[{"a":{"__proto__":1}}]}`],
  ])("do not vanish: %s named __proto__ is refused by its name", async (_what, body) => {
    for (const path of ["/api/runs", "/api/ssh/stream"]) {
      const answer = await daemon.http.ask("POST", path, {
        headers: { "content-type": "application/json" },
        body,
      });
      expect(answer.problem()).toMatchObject({ status: 400, code: "invalid_request" });
      expect(answer.problem().detail).toContain("__proto__");
    }
    expect((await traces()).runs).toEqual(before.runs);
  });

  test("are variables like all others where the host can have them", async () => {
    const env = { constructor: "a", toString: "b", hasOwnProperty: "c", prototype: "d", valueOf: "e" };
    const run = await daemon.run("env", { env });
    for (const [name, value] of Object.entries(env))
      expect(run.text().split("\n")).toContain(`${name}=${value}`);
    const stored = await daemon.client.call("getRun", { params: { run: run.id } });
    expect(stored.options.env).toEqual(env);
  });

  test("are unknown as fields and in a query", async () => {
    for (const name of ["constructor", "toString", "__proto__"]) {
      const body = `{"host":"web1","command":"true","${name}":1}`;
      const headers = { "content-type": "application/json" };
      expect((await daemon.http.ask("POST", "/api/runs", { headers, body })).status).toBe(400);
      expect((await daemon.http.ask("GET", `/api/runs?${name}=1`)).problem().issues).toMatchObject([
        { path: name },
      ]);
      expect((await daemon.http.ask("GET", `/api/hosts/${name}`)).problem().code).toBe("host_unknown");
    }
  });
});

test("a name that stands twice in a query is refused by its name", async () => {
  const none = await daemon.http.ask("GET", "/api/runs?limit=-1");
  expect(none.problem().detail).toBe("limit: must be a whole number from 0");
  const answer = await daemon.http.ask("GET", "/api/runs?limit=1&limit=2");
  expect(answer.problem()).toMatchObject({ status: 400, issues: [{ path: "limit" }] });
});

test.each(["q=%FF", "q=a%C3&limit=1", "%FF=1", "q=%ED%A0%80"])(
  "a query that is no text in UTF-8 is refused: %s",
  async (query) => {
    const answer = await daemon.http.ask("GET", `/api/runs?${query}`);
    expect(answer.problem()).toMatchObject({ status: 400, code: "invalid_request" });
    expect(answer.problem().detail).toContain("UTF-8");
  },
);

test.each(["q=%C3%A9t%C3%A9", "q=100%", "q=a+b", "q=%25FF"])(
  "a query that is one is served: %s",
  async (query) => {
    expect((await daemon.http.ask("GET", `/api/runs?${query}`)).status).toBe(200);
  },
);

test("a name that stands twice in an object of a body is refused by its name", async () => {
  const headers = { "content-type": "application/json" };
  const body = `{"host":"web1","command":"true","host":"other"}`;
  const answer = await daemon.http.ask("POST", "/api/runs", { headers, body });
  expect(answer.problem()).toMatchObject({ status: 400, issues: [{ path: "host" }] });
});

test.each([
  ["no HTTP at all", "SSH-2.0-OpenSSH_9.2\r\n", 400, "invalid_request"],
  [
    "a header without a name",
    "GET /api/health HTTP/1.1\r\nHost: hostrun\r\n: x\r\n\r\n",
    400,
    "invalid_request",
  ],
  [
    "two lengths",
    "POST /api/runs HTTP/1.1\r\nHost: hostrun\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
    400,
    "invalid_request",
  ],
  [
    "20 KiB of headers",
    `GET /api/health HTTP/1.1\r\nHost: hostrun\r\nA: ${"a".repeat(20_000)}\r\n\r\n`,
    431,
    "headers_too_large",
  ],
])("what Node's own parser refuses is told as every problem is: %s", async (_what, bytes, status, code) => {
  const answer = await daemon.http.raw(bytes);
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [A-Z]`));
  expect(answer).toMatch(/\r\nContent-Type: application\/problem\+json\r\n/);
  expect(answer).toContain(`\r\n${securityLines(await headOf("GET", "/api/health"))}`);
  expect(problemIn(answer)).toMatchObject({ status, code });
});

test.each([
  ["a request without a Host", "GET /api/health HTTP/1.1\r\nConnection: close\r\n\r\n", 400],
  ["CONNECT", "CONNECT web1:22 HTTP/1.1\r\nHost: web1:22\r\n\r\n", 400],
  ["CONNECT of a page", "CONNECT web1:22 HTTP/1.1\r\nHost: web1:22\r\nOrigin: http://a\r\n\r\n", 403],
])("what Node would answer by itself is told as every problem is: %s", async (_what, bytes, status) => {
  const answer = await daemon.http.raw(bytes);
  expect(problemIn(answer).status).toBe(status);
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [A-Z]`));
  expect(answer).toContain(`\r\n${securityLines(await headOf("GET", "/api/health"))}`);
});

async function headOf(method: string, path: string): Promise<string> {
  const answer = await daemon.http.raw(
    `${method} ${path} HTTP/1.1\r\nHost: hostrun\r\nConnection: close\r\n\r\n`,
  );
  return answer.slice(0, answer.indexOf("\r\n\r\n") + 4);
}

/** What every answer bears, in its order. */
function securityLines(head: string): string {
  const [lines = ""] = /Cache-Control: no-store\r\n.*X-Frame-Options: DENY\r\n/s.exec(head) ?? [];
  expect(lines.split("\r\n")).toHaveLength(7);
  return lines;
}

test("of a stream that goes on, HEAD tells the head at once", async () => {
  const run = await daemon.client.call("createRun", { body: { host: "web1", command: "sleep 60" } });
  for (const path of ["/api/events", `/api/runs/${run.id}/events`]) {
    const head = await headOf("HEAD", path);
    expect(head, path).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(head).toContain("\r\nContent-Type: text/event-stream; charset=utf-8\r\n");
  }
  await daemon.client.call("cancelRun", { params: { run: run.id }, body: { graceMs: 0 } });
});

test.each([
  ["/api/runs", "GET, HEAD, POST"],
  ["/API/Runs/", "GET, HEAD, POST"],
  ["/api/prompts/x", "DELETE, POST"],
])("a method that %s does not take is told those that it takes", async (path, allowed) => {
  const answer = await daemon.http.ask("PUT", path);
  expect(answer.problem().code).toBe("method_not_allowed");
  expect(answer.headers.allow?.split(", ").toSorted().join(", ")).toBe(allowed);
});

test("a body that says it is compressed is not guessed at", async () => {
  const headers = { "content-encoding": "gzip" };
  const json = { host: "web1", command: counter.command };
  expect((await daemon.http.ask("POST", "/api/runs", { headers, json })).problem().code).toBe(
    "unsupported_media_type",
  );
  expect(await counter.count()).toBe(before.executions);
});

test.each([
  ["TEXT/EVENT-STREAM", "text/event-stream; charset=utf-8"],
  ["text/event-stream;q=0.1, application/json", "application/json; charset=utf-8"],
  ["application/vnd.hostrun.frames", "application/vnd.hostrun.frames"],
])("a run is answered as Accept: %s prefers it", async (accept, type) => {
  const answer = await daemon.http.ask("POST", "/api/runs", {
    headers: { accept },
    json: { host: "web1", command: "true" },
  });
  expect([answer.status, answer.headers["content-type"]]).toEqual([201, type]);
});

test.each(["agent.sock", "./agent", "~/agent"])(
  "an agent's socket at a relative path is refused: %s",
  async (path) => {
    const asked = [
      ["/api/runs", { host: "web1", command: "true", agentSocket: path }],
      [`/api/runs/${ended.id}/rerun`, { agentSocket: path }],
      ["/api/hosts/web1/test", { agentSocket: path }],
      ["/api/keys/0/install", { host: "web1", agentSocket: path }],
    ] as const;
    const listed = await daemon.http.ask("GET", `/api/keys?agentSocket=${path}`);
    expect(listed.problem()).toMatchObject({ status: 400, issues: [{ path: "agentSocket" }] });
    for (const [to, json] of asked) {
      const answer = await daemon.http.ask("POST", to, { json });
      expect(answer.problem(), to).toMatchObject({ status: 400, issues: [{ path: "agentSocket" }] });
      expect(answer.problem().detail).toContain("absolute path");
    }
  },
);

test.each(["a b", "é", "x".repeat(256)])("a client's name that is none is refused: %s", async (name) => {
  const headers = { "hostrun-client": Buffer.from(name).toString("latin1") };
  const answer = await daemon.http.ask("POST", "/api/runs", {
    headers,
    json: { host: "web1", command: "true" },
  });
  expect(answer.problem()).toMatchObject({ status: 400, issues: [{ path: "Hostrun-Client" }] });
});
