import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { expect, test } from "vitest";
import { requestOnce } from "../../../client/own-connection.ts";
import { wholeBody } from "../../../client/reply.ts";
import { openDirectory } from "../../support/directory.ts";
import { failureOf } from "./socket-server.ts";

const request = { method: "GET", path: "/", headers: {}, body: undefined };
const head = "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n";

/** A server that answers by `answer`, and the sides of its connections. */
async function openServer(answer: (side: Socket) => unknown) {
  const directory = await openDirectory();
  const path = directory.join("sock");
  const sides: Socket[] = [];
  const server: Server = createServer((side) => {
    sides.push(side);
    side.on("error", () => undefined);
    side.once("data", () => answer(side));
  }).listen(path);
  await once(server, "listening");
  return {
    path,
    sides,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const side of sides) side.destroy();
      await closed;
      await directory[Symbol.asyncDispose]();
    },
  };
}

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString("latin1");
}

test("an answer is read however it is cut, and whatever came with its head is its body", async () => {
  await using server = await openServer((side) => {
    const bytes = `${head}hello`.split("");
    const next = (): void => {
      const byte = bytes.shift();
      if (byte === undefined) side.end();
      else side.write(byte, () => setImmediate(next));
    };
    next();
  });
  const { status, length, body } = await requestOnce(server.path, request);
  expect([status, length, await textOf(body)]).toEqual([200, 5, "hello"]);
});

test.each(["Content-Length", "content-length", "CONTENT-LENGTH"])(
  "the length is read from %s",
  async (name) => {
    await using server = await openServer((side) =>
      side.end(`HTTP/1.1 200 OK\r\n${name}: 2\r\nX: Y\r\n\r\nhi`),
    );
    const { length, body } = await requestOnce(server.path, request);
    expect([length, await textOf(body)]).toEqual([2, "hi"]);
  },
);

test("an answer that comes faster than it is read waits at the other side, and comes whole", async () => {
  const bytes = randomBytes(8_000_000);
  let written = 0;
  await using server = await openServer((side) => {
    side.write(head);
    for (let at = 0; at < bytes.length; at += 100_000) {
      side.write(bytes.subarray(at, at + 100_000), () => {
        written += 100_000;
      });
    }
    side.end();
  });
  const { body } = await requestOnce(server.path, request);
  const chunks: Buffer[] = [];
  for await (const chunk of body) {
    // The reader is slow at first: what is not read is not taken.
    if (chunks.length < 5) await new Promise((resolve) => setTimeout(resolve, 50));
    if (chunks.length === 4) expect(written).toBeLessThan(2_000_000);
    chunks.push(chunk);
  }
  expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
});

test("a loop that is left early leaves the rest; `wholeBody` closes the connection then", async () => {
  await using server = await openServer((side) => side.write(`${head}first`));
  const { body } = await requestOnce(server.path, request);
  for await (const _ of body) break;
  server.sides[0]?.write("second");
  for await (const chunk of wholeBody(body)) {
    expect(chunk.toString()).toBe("second");
    break;
  }
  await once(server.sides[0] ?? expect.fail(), "close");
});

test("what is left is read out, also where it is cut", async () => {
  await using server = await openServer((side) => side.write(`${head}first`, () => side.end("second")));
  const { body } = await requestOnce(server.path, request);
  await body.readOut();
  expect(await textOf(body)).toBe("");
  await using cutting = await openServer((side) => side.write(`${head}first`));
  const { body: cut } = await requestOnce(cutting.path, request);
  cut.destroy(new Error("silent"));
  await cut.readOut();
});

test("who reads meets the failure that the connection is closed with, behind what came before", async () => {
  await using server = await openServer((side) => side.write(`${head}hello`));
  const { body } = await requestOnce(server.path, request);
  const seen: string[] = [];
  const read = async (): Promise<void> => {
    for await (const chunk of body) {
      seen.push(chunk.toString());
      body.destroy(new Error("silent"));
    }
  };
  expect(await failureOf(read())).toHaveProperty("message", "silent");
  expect(seen).toEqual(["hello"]);
});

test("a signal ends a request, before its head and behind it", async () => {
  await using silent = await openServer(() => undefined);
  const early = new AbortController();
  const asked = failureOf(requestOnce(silent.path, request, early.signal));
  early.abort(new Error("enough"));
  expect(await asked).toHaveProperty("message", "enough");
  await using server = await openServer((side) => side.write(head));
  const late = new AbortController();
  const { body } = await requestOnce(server.path, request, late.signal);
  const read = failureOf(textOf(body));
  late.abort(new Error("later"));
  expect(await read).toHaveProperty("message", "later");
});

test.each([
  ["nothing", "", "The connection was closed."],
  ["half a head", "HTTP/1.0 200 OK\r\n", "The connection was closed."],
  ["something else", "SSH-2.0-x\r\n\r\n", "The answer was not HTTP."],
  ["a head without an end", `HTTP/1.0 200 OK\r\n${"a: b\r\n".repeat(5000)}`, "The answer was not HTTP."],
])("an answer of %s is a failure", async (_, text, message) => {
  await using server = await openServer((side) => side.end(text));
  expect(await failureOf(requestOnce(server.path, request))).toHaveProperty("message", message);
});
