import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, expect, onTestFinished, test, vi } from "vitest";
import { openTestDaemon } from "../support/daemon.ts";
import { openHostedDaemon } from "../support/hosted-daemon.ts";
import { RunReading, readMessages } from "../support/run-stream.ts";

vi.setConfig({ testTimeout: 180_000 });

const daemon = await openHostedDaemon();
afterAll(() => daemon[Symbol.asyncDispose]());

interface RawRequest {
  readonly socket: Socket;
  /** What was answered up to the end of the connection. */
  readonly answer: Promise<string>;
}

/** Sends `head`, and then `piece` every second for as long as the connection lives. */
async function send(head: string, piece = ""): Promise<RawRequest> {
  const socket = connect(daemon.socket);
  let text = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => {
    text += chunk;
  });
  socket.on("error", () => undefined);
  // A client that still sends may get a reset after the answer.
  const answer = new Promise<string>((resolve) => socket.on("close", () => resolve(text)));
  await once(socket, "connect");
  socket.write(head);
  if (piece !== "") {
    const timer = setInterval(() => socket.write(piece), 1000);
    socket.on("close", () => clearInterval(timer));
  }
  onTestFinished(() => void socket.destroy());
  return { socket, answer };
}

const headOf = (line: string, ...fields: string[]): string =>
  [line, "Host: hostrun", "Content-Type: application/json", ...fields, "", ""].join("\r\n");

const runs = "POST /api/runs HTTP/1.1";
type Unending = readonly [what: string, head: string, piece: string, status: string];
const needed: readonly Unending[] = [
  ["announced and not sent", headOf(runs, "Content-Length: 100"), "", "408"],
  ["trickled", headOf(runs, "Content-Length: 100000"), " ", "408"],
  ["in chunks for ever", headOf(runs, "Transfer-Encoding: chunked"), "1\r\n \r\n", "408"],
];
const notNeeded: readonly Unending[] = [
  ["that nobody asked for", headOf("GET /api/health HTTP/1.1", "Content-Length: 9"), "", "200"],
  ["for no path", headOf("POST /api/nothing HTTP/1.1", "Transfer-Encoding: chunked"), "1\r\n \r\n", "404"],
  ["behind a head that does not end", `${runs}\r\n`, "a: b\r\n", "408"],
  ["that does not even begin", "", "", "408"],
];
const each = 30;

async function openConnections(): Promise<number> {
  return (await daemon.client.call("stats")).http.open;
}

/** Sends many of each at once, and waits until each is answered and its connection closed. */
async function expectEnds(kinds: readonly Unending[]): Promise<void> {
  const sent = await Promise.all(
    kinds.flatMap(([what, head, piece, status]) =>
      Array.from({ length: each }, async () => ({ what, status, ...(await send(head, piece)) })),
    ),
  );
  expect((await daemon.client.call("health")).pid).toBe(daemon.pid);
  for (const { what, status, answer } of sent) {
    expect([what, (await answer).slice(0, 12)]).toEqual([what, `HTTP/1.1 ${status}`]);
  }
  // What is left are the test's own.
  await expect.poll(openConnections, { timeout: 20_000 }).toBeLessThan(10);
}

test("bodies that do not end are not read on for ever by who needs none", { timeout: 60_000 }, () =>
  expectEnds(notNeeded),
);

test("bodies that never end are ended and counted, and a run's input is open for as long as the run", {
  timeout: 180_000,
}, async () => {
  const run = new RunReading();
  const command = "read a; echo $a; read b; echo $b";
  const messages = readMessages(await daemon.stream(command, { stdinOpen: true }));
  await run.until(messages, ({ type }) => type === "init");
  const head = `POST /api/runs/${run.id}/stdin HTTP/1.1`;
  const input = await send(
    `${head}\r\nHost: hostrun\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n`,
  );
  input.socket.write("4\r\none\n\r\n");
  await run.until(messages, ({ type }) => type === "output");

  await expectEnds(needed);
  const { http } = await daemon.client.call("stats");
  expect(http).toMatchObject({ requestsTimedOut: needed.length * each, refused: 0 });

  input.socket.write("4\r\ntwo\n\r\n");
  await run.until(messages, ({ type }) => type === "complete");
  expect(run.text()).toBe("one\ntwo\n");
  expect(await input.answer).toMatch(/^HTTP\/1\.1 409 /);
});

test("beyond 2,000 connections new ones are closed at once, and those that there are are served", async () => {
  await using flooded = await openTestDaemon();
  expect((await flooded.client.call("health")).pid).toBe(flooded.pid);
  const sockets: Socket[] = [];
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
  let closed = 0;
  // The kernel takes only so many at once.
  while (sockets.length < 2100) {
    const some = Array.from({ length: 100 }, () => connect(flooded.socket));
    sockets.push(...some);
    for (const socket of some) {
      socket.on("error", () => undefined);
      socket.on("close", () => {
        closed += 1;
      });
      // A stream that has no end.
      socket.write("GET /api/events HTTP/1.1\r\nHost: hostrun\r\n\r\n");
    }
    // Each is answered, or closed.
    const met = (socket: Socket) =>
      new Promise((resolve) => socket.once("data", resolve).once("close", resolve));
    await Promise.all(some.map(met));
  }
  await expect.poll(() => closed, { timeout: 20_000 }).toBeGreaterThanOrEqual(100);
  const { http } = await flooded.client.call("stats");
  expect(http).toMatchObject({ open: 2000, refused: closed });
  for (const socket of sockets) socket.destroy();
  const open = async (): Promise<number> => (await flooded.client.call("stats")).http.open;
  await expect.poll(open, { timeout: 20_000 }).toBeLessThan(10);
  expect((await flooded.http.ask("GET", "/api/health")).status).toBe(200);
});
