import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as z from "zod";
import { openTestDaemon } from "../support/daemon.ts";
import { exchangeRaw } from "../support/http.ts";

const Line = z.looseObject({ message: z.string(), request: z.string().optional() });

test("a request has an id, in its answer and in every line of the log that is for it, and its query is in none", async () => {
  await using daemon = await openTestDaemon({ flags: ["--log-level", "debug"] });
  const { http } = daemon;
  const headers = { "x-request-id": "proxy-1:42" };
  const json = { name: "web1", address: "127.0.0.1" };
  const created = await http.ask("POST", "/api/hosts", { headers, json });
  expect(created.headers["x-request-id"]).toBe("proxy-1:42");
  const refused = await http.ask("GET", "/api/runs?q=hunter2&limit=none");
  const stranger = await http.ask("GET", "/api/health", { headers: { origin: "http://evil.test" } });
  const forged = await http.ask("GET", "/api/nowhere", { headers: { "x-request-id": "a b" } });
  expect([refused.status, stranger.status, forged.status]).toEqual([400, 403, 404]);
  const ids = [refused, stranger, forged].map((answer) => answer.headers["x-request-id"]);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{16}$/);
  expect(new Set(ids).size).toBe(3);

  const log = await readFile(join(daemon.stateDirectory, "daemon.log"), "utf8");
  expect(log).not.toContain("hunter2");
  const lines = log
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => Line.parse(JSON.parse(line)));
  const of = (request: unknown) => lines.filter((line) => line.request === request);
  expect(of("proxy-1:42")).toMatchObject([
    { method: "POST", path: "/api/hosts", status: 201, location: "/api/hosts/1" },
  ]);
  for (const [at, status] of [400, 403, 404].entries()) expect(of(ids[at])).toMatchObject([{ status }]);
  expect(lines.find(({ message }) => message === "The daemon is ready")?.request).toBeUndefined();
});

test("a request's target in any form that HTTP has is answered, and Node warns of none", async () => {
  await using daemon = await openTestDaemon();
  const { socket } = daemon;
  const statusOf = async (target: string): Promise<string | undefined> => {
    const head = `GET ${target} HTTP/1.1\r\nHost: hostrun\r\nConnection: close\r\n\r\n`;
    return /^HTTP\/1\.1 (\d+)/.exec(await exchangeRaw({ path: socket }, Buffer.from(head, "latin1")))?.[1];
  };
  const found = ["http://hostrun/api/health", "/api/health#part", "/api/health", "/api/runs?q=a#b"];
  const unknown = ["*", "//api/health", "http://", "http://hostrun:99999/api/health"];
  expect(await Promise.all(found.map(statusOf))).toEqual(found.map(() => "200"));
  expect(await Promise.all(unknown.map(statusOf))).toEqual(unknown.map(() => "404"));
});
