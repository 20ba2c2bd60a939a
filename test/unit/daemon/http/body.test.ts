import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { readJson } from "../../../../daemon/http/body.ts";
import { openDirectory } from "../../../support/directory.ts";
import { problemOf } from "../../../support/http.ts";

/** Reads the body of one request, which is sent in `pieces` at a distance of 20 ms, the last of them again and again. */
async function reading(fields: string, pieces: readonly string[], timeoutMs: number): Promise<unknown> {
  await using directory = await openDirectory();
  const path = directory.join("sock");
  const { promise, resolve } = Promise.withResolvers<Promise<unknown>>();
  const server = createServer((request) => {
    const body = readJson(request, timeoutMs);
    body.catch(() => undefined);
    resolve(body);
  });
  await once(server.listen(path), "listening");
  const socket = connect(path);
  socket.write(`POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n${fields}\r\n\r\n`);
  const left = [...pieces];
  const timer = setInterval(() => socket.write(left.length > 1 ? (left.shift() ?? "") : (left[0] ?? "")), 20);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
    socket.destroy();
    server.close();
  }
}

test.each([
  ["is announced and not sent", "Content-Length: 9", [""]],
  ["is trickled", "Content-Length: 100000", [" "]],
  ["comes in chunks for ever", "Transfer-Encoding: chunked", ["1\r\n \r\n"]],
])("a body that %s is given up", { timeout: 5000 }, async (_, fields, pieces) => {
  const problem = await problemOf(reading(fields, pieces, 200));
  expect(problem).toMatchObject({ code: "request_timeout", status: 408 });
  expect(problem.message).toContain("within 0.2 s");
});

test("a slow body that comes to its end is read", async () => {
  const pieces = ["9\r\n", '{"a":', '"b"}', "\r\n0\r\n\r\n", ""];
  expect(await reading("Transfer-Encoding: chunked", pieces, 60_000)).toEqual({ a: "b" });
});

test("a client that leaves in the middle is no body", async () => {
  await using directory = await openDirectory();
  const path = directory.join("sock");
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const server = createServer((request) => {
    readJson(request).then(resolve, resolve);
    socket.destroy();
  });
  await once(server.listen(path), "listening");
  const socket = connect(path);
  socket.write("POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{}");
  expect(await promise).toBeInstanceOf(Error);
  server.close();
});
