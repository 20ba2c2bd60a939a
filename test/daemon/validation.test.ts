import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { api } from "../../protocol/api.ts";
import type { Endpoint } from "../../protocol/endpoint.ts";
import { badFields, hostileNames } from "../support/bad-fields.ts";
import { openCounter } from "../support/counter.ts";
import type { Answer, Sent } from "../support/http.ts";
import { openHostedDaemon } from "../support/hosted-daemon.ts";
import { matching } from "../support/matching.ts";

const daemon = await openHostedDaemon();
const counter = await openCounter();
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  await counter[Symbol.asyncDispose]();
});
const before = await daemon.run("true");
const cases = Object.entries(badFields(before.id));
const declarations = new Map<string, Endpoint>(Object.entries(api));

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
const tracesBefore = await traces();
async function expectNoTraces(): Promise<void> {
  expect(await traces()).toEqual(tracesBefore);
}

/** The paths of the bad fields that a 400 names. */
function badPaths(answer: Answer): string[] {
  const { status, code, issues, detail } = answer.problem();
  expect([status, code], detail).toEqual([400, "invalid_request"]);
  expect(detail).not.toBe("");
  return (issues ?? []).map(({ path }) => path);
}

function isAt(path: string, field: string): boolean {
  return path === field || path.startsWith(`${field}.`);
}

function fieldsOf(schema: z.ZodType | undefined): string[] {
  if (schema === undefined) return [];
  const { properties } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return Object.keys(properties ?? {});
}

describe("every field of every request", () => {
  test("is in the table of bad values", () => {
    for (const [name, { body, query }] of declarations) {
      const tried = cases.find(([key]) => key === name)?.[1];
      expect(Object.keys(tried?.body ?? {}).sort(), name).toEqual(fieldsOf(body).sort());
      expect(Object.keys(tried?.query ?? {}).sort(), name).toEqual(fieldsOf(query).sort());
    }
  });

  test.each(cases)("of a body of %s is checked", async (name, { path, good, body = {} }) => {
    const method = declarations.get(name)?.method ?? "";
    for (const [field, { values }] of Object.entries(body)) {
      for (const value of values) {
        const answer = await daemon.http.ask(method, path, { json: { ...good, [field]: value } });
        const paths = badPaths(answer);
        const what = `${field}: ${JSON.stringify(value).slice(0, 80)} → ${paths.join()}`;
        expect(
          paths.some((at) => isAt(at, field)),
          what,
        ).toBe(true);
      }
    }
    await expectNoTraces();
  });

  test.each(cases)("of a query of %s is checked", async (name, { path, good, query = {} }) => {
    const method = declarations.get(name)?.method ?? "";
    for (const [field, values] of Object.entries(query)) {
      for (const value of values) {
        const search = new URLSearchParams();
        for (const [key, text] of Object.entries({ ...good, [field]: value })) search.set(key, String(text));
        const answer = await daemon.http.ask(method, `${path}?${search.toString()}`);
        expect(badPaths(answer), `${field}=${value.slice(0, 80)}`).toContain(field);
      }
    }
    await expectNoTraces();
  });

  test.each(cases)("of %s that is not known is refused by its name", async (name, { path, good, body }) => {
    const method = declarations.get(name)?.method ?? "";
    if (body !== undefined) {
      for (const field of ["nope", "__proto__", "constructor"]) {
        const text = JSON.stringify({ ...good }).replace(
          /^\{/,
          `{${JSON.stringify(field)}:{"polluted":1}${Object.keys(good).length > 0 ? "," : ""}`,
        );
        const answer = await daemon.http.ask(method, path, json(text));
        expect(badPaths(answer)).toContain(field);
      }
    }
    const search = new URLSearchParams({ nope: "1" }).toString();
    const answer = await daemon.http.ask(
      method,
      `${path}?${search}`,
      body === undefined ? {} : { json: good },
    );
    expect(badPaths(answer)).toContain("nope");
    await expectNoTraces();
  });

  test("that is bad is told, not only the first", async () => {
    const answer = await daemon.http.ask("POST", "/api/runs", {
      json: { host: "a;b", command: "", env: { "1": "x" }, pty: "x", timeoutMs: -1, nope: 1 },
    });
    expect(badPaths(answer).sort()).toEqual(["command", "env.1", "host", "nope", "pty", "timeoutMs"]);
  });
});

describe("a command", () => {
  test.each([
    ["ASCII", "x", 65_536],
    ["two bytes a character", "é", 32_768],
    ["four bytes a character", "😀", 16_384],
  ])("of 65,536 bytes is taken: %s", async (_what, character, count) => {
    const comment = `#${character.repeat(count - 1)}`;
    const padded = comment + "x".repeat(65_536 - Buffer.byteLength(comment));
    expect(Buffer.byteLength(padded)).toBe(65_536);
    const run = await daemon.run(padded);
    expect(run.complete).toMatchObject({ outcome: "exited", exitCode: 0, stdoutBytes: 0 });
    await daemon.client.call("deleteRun", { params: { run: run.id } });
  });
});

function json(body: string | Buffer): Sent {
  return { headers: { "content-type": "application/json" }, body };
}

describe("a body", () => {
  const valid = `{"host":"web1","command":${JSON.stringify(counter.command)}}`;
  const padded = `${valid.slice(0, -1)}${" ".repeat(2 * 1024 * 1024)}}`;
  const tooLarge: [string, Sent][] = [
    ["of 2 MiB", json(padded)],
    [
      "of 2 MiB in chunks",
      { ...json(""), body: [Buffer.from(padded.slice(0, 5)), Buffer.from(padded.slice(5))] },
    ],
    ["of 1 MiB and a byte", json(valid.padEnd(1024 * 1024 + 1))],
  ];
  test.each(tooLarge)("%s is too large, and the client comes to read that", async (_what, sent) => {
    for (const path of ["/api/runs", "/api/ssh/stream"]) {
      const answer = await daemon.http.ask("POST", path, sent);
      expect(answer.problem()).toMatchObject({ status: 413, code: "too_large" });
    }
    await expectNoTraces();
  });

  test.each([
    ["no content type", undefined],
    ["a form's", "application/x-www-form-urlencoded"],
    ["plain text", "text/plain"],
    ["JSON's look-alike", "application/jsonp"],
    ["bytes where none are taken", "application/octet-stream"],
  ])("with %s is not taken", async (_what, type) => {
    const headers: Record<string, string> = type === undefined ? {} : { "content-type": type };
    const answer = await daemon.http.ask("POST", "/api/ssh/stream", { headers, body: valid });
    expect(answer.problem()).toMatchObject({ status: 415, code: "unsupported_media_type" });
    await expectNoTraces();
  });

  test.each([
    ["broken JSON", "{"],
    ["two values", "{}{}"],
    ["a comment", "{/* */}"],
    ["no JSON", "host=web1&command=true"],
    ["an array", "[]"],
    ["a number", "7"],
    ["null", "null"],
    ["nothing, said to be JSON", ""],
  ])("that is %s is refused", async (_what, text) => {
    badPaths(await daemon.http.ask("POST", "/api/runs", json(text)));
    await expectNoTraces();
  });

  test.each([33, 400_000])("with a nest of %d levels is refused as such", async (levels) => {
    const nest = "[".repeat(levels - 1) + "]".repeat(levels - 1);
    const answer = await daemon.http.ask("POST", "/api/runs", json(`{"nope":${nest}}`));
    expect(badPaths(answer)).toEqual([""]);
    expect(answer.problem().detail).toContain("32 levels deep");
    const flat = await daemon.http.ask(
      "POST",
      "/api/runs",
      json(`{"nope":${"[".repeat(31)}${"]".repeat(31)}}`),
    );
    expect(badPaths(flat)).toContain("nope");
  });

  test.each([
    ["latin1", "e9"],
    ["an overlong slash", "c0af"],
    ["a surrogate", "eda080"],
    ["UTF-16", "fffe7b00"],
  ])("that is not UTF-8 (%s) is refused", async (_what, hex) => {
    const bytes = Buffer.concat([
      Buffer.from('{"host":"web1","command":"'),
      Buffer.from(hex, "hex"),
      Buffer.from('"}'),
    ]);
    expect(badPaths(await daemon.http.ask("POST", "/api/runs", json(bytes)))).toEqual([""]);
    await expectNoTraces();
  });

  test.each([
    ["command", { host: "web1", command: "echo \ud83d" }],
    ["stdin", { host: "web1", command: "cat", stdin: "\udc00\ud800" }],
    ["env.A", { host: "web1", command: "true", env: { A: "\ud800" } }],
  ])("with half of a character in %s is refused: it would arrive as another one", async (path, body) => {
    const answer = await daemon.http.ask("POST", "/api/runs", { json: body });
    expect(badPaths(answer)).toEqual([path]);
    expect(answer.problem().detail).toContain("half of a character");
  });

  test.each([
    "charset=utf-8",
    'Charset="UTF-8"',
    "charset=utf8",
    "v=1 ;CHARSET=Utf-8",
    'note="a; charset=latin1"',
    ";",
  ])("may say that it is in UTF-8 (%s)", async (parameters) => {
    const answer = await daemon.http.ask("POST", "/api/hosts/import", {
      headers: { "content-type": `Application/JSON; ${parameters}` },
      body: '{"source":"ssh_config","path":"/nowhere"}',
    });
    expect(answer.problem().code).toBe("not_found");
  });

  test.each([
    "charset=latin1",
    'charset="iso-8859-1"',
    "CHARSET = UTF-16",
    "charset=",
    "charset=utf-8; charset=latin1",
    'v="\\""; charset=latin1',
  ])("that says it is in another charset (%s) is refused", async (parameters) => {
    const headers = { "content-type": `application/json; ${parameters}` };
    const answer = await daemon.http.ask("POST", "/api/ssh/stream", { headers, body: valid });
    expect(answer.problem()).toMatchObject({
      status: 415,
      code: "unsupported_media_type",
      detail: matching(
        /^The body must be in UTF-8, not .+\. Leave the charset out, or send charset=utf-8\.$/,
      ),
    });
    await expectNoTraces();
  });
});

describe("what is not there", () => {
  test.each(["nobody", "no-host", "99999"])("a host %s is host_unknown", async (host) => {
    for (const [method, path, body] of [
      ["POST", "/api/ssh/stream", { host, command: counter.command }],
      ["POST", "/api/runs", { host, command: counter.command }],
      ["GET", `/api/hosts/${host}`, undefined],
      ["PATCH", `/api/hosts/${host}`, {}],
      ["DELETE", `/api/hosts/${host}`, undefined],
      ["POST", `/api/hosts/${host}/test`, {}],
    ] as const) {
      const answer = await daemon.http.ask(method, path, body === undefined ? {} : { json: body });
      expect(answer.problem(), `${method} ${path}`).toMatchObject({ status: 404, code: "host_unknown" });
    }
    await expectNoTraces();
  });

  test("a host with an id of nobody is host_unknown", async () => {
    const answer = await daemon.http.ask("POST", "/api/ssh/stream", {
      json: { hostId: 99, command: "true" },
    });
    expect(answer.problem()).toMatchObject({ status: 404, code: "host_unknown" });
  });

  test.each(["nope", "01890000-0000-7000-8000-000000000000", "%2e%2e", "'; DROP TABLE runs; --"])(
    "a run %s is run_unknown",
    async (run) => {
      const at = `/api/runs/${encodeURIComponent(run)}`;
      for (const [method, path] of [
        ["GET", at],
        ["GET", `${at}/events`],
        ["GET", `${at}/output`],
        ["POST", `${at}/cancel`],
        ["POST", `${at}/stdin`],
        ["POST", `${at}/rerun`],
        ["DELETE", at],
      ] as const) {
        const answer = await daemon.http.ask(method, path, method === "POST" ? { json: {} } : {});
        expect(answer.problem(), `${method} ${path}`).toMatchObject({ status: 404, code: "run_unknown" });
      }
    },
  );

  test.each([
    "/",
    "/api",
    "/api/",
    "/api/nope",
    "/api/hosts/a/b/c",
    "/favicon.ico",
    "/api/%ff",
    "//api/health",
  ])("a path %s is not_found", async (path) => {
    const answer = await daemon.http.ask("GET", path);
    expect(answer.problem()).toMatchObject({ status: 404, code: "not_found" });
  });

  test.each([
    ["PUT", "/api/runs", ["GET", "HEAD", "POST"]],
    ["DELETE", "/api/health", ["GET", "HEAD"]],
    ["GET", "/api/ssh/stream", ["POST"]],
    ["POST", "/api/hosts/web1", ["GET", "HEAD", "PATCH", "DELETE"]],
    ["OPTIONS", "/api/runs", ["GET", "HEAD", "POST"]],
    ["TRACE", "/api/settings", ["GET", "HEAD", "PATCH"]],
  ])("a method %s of %s is method_not_allowed, and which are is said", async (method, path, allowed) => {
    const answer = await daemon.http.ask(method, path);
    expect(answer.problem()).toMatchObject({ status: 405, code: "method_not_allowed" });
    const allow = (answer.headers.allow ?? "").split(", ");
    expect(allow.sort()).toEqual(allowed.sort());
  });
});

describe("whatever is sent", () => {
  const { http } = daemon;
  // Of these two an empty body is good, and does something.
  const acting = ["shutdown", "rerun"];
  const bodied = cases.filter(([name, { body }]) => body !== undefined && !acting.includes(name));

  test("as a body is never a failure of the daemon", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...bodied),
        fc.json({ maxDepth: 4 }),
        async ([name, { path }], text) => {
          // What is valid by chance changes and connects to nobody.
          const at = path.replace("web1", "nobody");
          const { status } = await http.ask(declarations.get(name)?.method ?? "", at, json(text));
          expect(status).toBeLessThan(500);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("in one field of a good body is never a failure of the daemon", { timeout: 60_000 }, async () => {
    const startable = bodied.filter(([name]) => name === "createRun" || name === "streamRun");
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...startable),
        fc.nat(),
        fc.oneof(fc.jsonValue(), fc.string({ unit: "binary" }), fc.constantFrom(...hostileNames)),
        async ([name, { path, body = {} }], at, value) => {
          const fields = Object.keys(body).filter((field) => field !== "host" && field !== "hostId");
          const field = fields[at % fields.length] ?? "";
          // There is no such host: what is valid ends as a 404.
          const sent = { host: "nobody", command: "true", [field]: value };
          const { status } = await http.ask(declarations.get(name)?.method ?? "", path, { json: sent });
          expect([400, 404]).toContain(status);
        },
      ),
      { numRuns: 300 },
    );
    await expectNoTraces();
  });

  test("as a path or a query is never a failure of the daemon", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("/api/runs", "/api/hosts", "/api/known-hosts", "/api/runs/x/events", "/api"),
        fc.webPath(),
        fc.webQueryParameters(),
        async (base, path, query) => {
          const { status } = await http.ask("GET", `${base}${path}?${query}`);
          expect(status).toBeLessThan(500);
        },
      ),
      { numRuns: 300 },
    );
  });

  test.each([
    ["no HTTP", "hello\r\n\r\n"],
    ["TLS", "\u0016\u0003\u0001\u0002\u0000\u0001"],
    ["10,000 headers", `GET /api/health HTTP/1.1\r\nHost: h\r\n${"a: b\r\n".repeat(10_000)}\r\n`],
    ["a header of 100 KB", `GET /api/health HTTP/1.1\r\nHost: h\r\nx: ${"a".repeat(100_000)}\r\n\r\n`],
    ["two lengths", "POST /api/runs HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"],
    [
      "a length and chunks",
      "POST /api/runs HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
  ])("as raw bytes (%s) does no harm", async (_what, bytes) => {
    const answer = await daemon.http.raw(bytes).catch((failure: unknown) => String(failure));
    expect(answer).not.toContain("HTTP/1.1 200");
    const health = await daemon.client.call("health");
    expect(health.pid).toBe(daemon.pid);
    await expectNoTraces();
  });
});
