import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Received } from "../../../client/events.ts";
import { changes, runEvents, streamRun } from "../../../client/run-events.ts";
import type { RunEvent } from "../../../protocol/event.ts";
import { Problem } from "../../../protocol/problem.ts";
import { failureOf, openSocketServer } from "./socket-server.ts";

const runId = "0193a7b0-0000-7000-8000-000000000001";
const timestamp = "2026-01-01T00:00:00.000Z";
const base = { runId, timestamp };
const complete = {
  type: "complete",
  ...base,
  outcome: "exited",
  exitCode: 0,
  signal: null,
  stopConfirmed: null,
  pinned: false,
  note: null,
  durationMs: 1,
  stdoutBytes: 0,
  stderrBytes: 0,
  truncatedBytes: 0,
  sha256: { stdout: null, stderr: null },
};

/** The record of a run of `count` events, as its messages. */
function recordOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const seq = index + 1;
    const output = { type: "output", ...base, stream: "stdout", offset: index, data: `line ${seq} é\n` };
    return `id: e.${seq}\ndata: ${JSON.stringify(seq === count ? complete : output)}\n\n`;
  });
}

/** Where the request wants to go on: the number of events that it has. */
function position(request: IncomingMessage): number {
  const id = request.headers["last-event-id"];
  return typeof id === "string" ? Number(id.split(".")[1]) : 0;
}

function begin(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
}

async function collect(events: AsyncIterable<Received<RunEvent>>): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of events) ids.push(id);
  return ids;
}

const idsUpTo = (count: number): string[] => Array.from({ length: count }, (_, index) => `e.${index + 1}`);

test("wherever the stream is cut, every event comes once and in order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 12 }),
      fc.array(fc.nat(400), { maxLength: 4 }),
      async (count, cuts) => {
        const left = [...cuts];
        await using server = await openSocketServer((request, response) => {
          const bytes = Buffer.from(recordOf(count).slice(position(request)).join(""));
          const cut = left.shift();
          begin(response);
          if (cut === undefined || cut >= bytes.length) response.end(bytes);
          else response.write(bytes.subarray(0, cut), () => response.destroy());
        });
        expect(await collect(runEvents(server.transport, runId))).toEqual(idsUpTo(count));
      },
    ),
    { numRuns: 25 },
  );
});

test("a stream that ends cleanly before complete is resumed", async () => {
  await using server = await openSocketServer((request, response) => {
    begin(response);
    response.end(
      recordOf(4)
        .slice(position(request), position(request) + 2)
        .join(""),
    );
  });
  expect(await collect(runEvents(server.transport, runId))).toEqual(idsUpTo(4));
  expect(server.requests.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "e.2"]);
});

test("events that were seen are not shown again", async () => {
  await using server = await openSocketServer((request, response) => {
    begin(response);
    const from = Math.max(0, position(request) - 2);
    response.end(
      recordOf(5)
        .slice(from, from + 3)
        .join(""),
    );
  });
  expect(await collect(runEvents(server.transport, runId))).toEqual(idsUpTo(5));
});

test("a hole in the numbers is fetched, not skipped", async () => {
  let opened = 0;
  await using server = await openSocketServer((request, response) => {
    begin(response);
    opened += 1;
    const record = recordOf(5);
    if (opened === 1) record.splice(2, 1);
    response.end(record.slice(position(request)).join(""));
  });
  expect(await collect(runEvents(server.transport, runId))).toEqual(idsUpTo(5));
  expect(server.requests.at(1)?.headers["last-event-id"]).toBe("e.2");
});

test("a hole that stays is a failure after the time to give up", async () => {
  await using server = await openSocketServer((request, response) => {
    begin(response);
    response.end(
      recordOf(5)
        .filter((_, index) => index >= position(request) && index !== 2)
        .join(""),
    );
  });
  const events = runEvents(server.transport, runId, { giveUpAfterMs: 50 });
  expect(await failureOf(collect(events))).toHaveProperty("code", "daemon_unreachable");
});

test("it goes on behind `after`, and shows the record as it is when raw", async () => {
  await using server = await openSocketServer((request, response) => {
    begin(response);
    response.end(recordOf(4).slice(position(request)).join(""));
  });
  expect(await collect(runEvents(server.transport, runId, { after: "e.2", raw: true }))).toEqual([
    "e.3",
    "e.4",
  ]);
  expect(server.requests[0]?.url).toBe(`/api/runs/${runId}/events?raw=1`);
});

test("a daemon that stays away is given up", async () => {
  await using server = await openSocketServer((request) => request.socket.destroy());
  const events = runEvents(server.transport, runId, { giveUpAfterMs: 60 });
  expect(await failureOf(collect(events))).toHaveProperty("code", "daemon_unreachable");
  expect(server.requests.length).toBeGreaterThan(1);
});

test("a refusal is not tried again", async () => {
  const sent = new Problem("run_unknown", "There is no such run.");
  await using server = await openSocketServer((_, response) =>
    response.writeHead(404, { "content-type": "application/problem+json" }).end(JSON.stringify(sent)),
  );
  expect(await failureOf(collect(runEvents(server.transport, runId)))).toHaveProperty("code", "run_unknown");
  expect(server.requests).toHaveLength(1);
});

test("an event that is not understood is told, not skipped", async () => {
  await using server = await openSocketServer((_, response) => {
    begin(response);
    response.end('id: e.1\ndata: {"type":"output"}\n\n');
  });
  expect(await failureOf(collect(runEvents(server.transport, runId)))).toHaveProperty(
    "code",
    "daemon_incompatible",
  );
});

test("what only a newer daemon tells is passed over, by its type and by its members", async () => {
  const [first = "", , last = ""] = recordOf(3);
  const news = JSON.stringify({ type: "weather", ...base, sky: "blue" });
  await using server = await openSocketServer((_, response) => {
    begin(response);
    response.end(
      [first, `id: e.2\ndata: ${news}\n\n`, last.replace('"exitCode"', '"mood":"good","exitCode"')].join(""),
    );
  });
  expect(await collect(runEvents(server.transport, runId))).toEqual(["e.1", "e.3"]);
});

test("until the run is known the POST is repeated under one key; then its events are resumed", async () => {
  let opened = 0;
  await using server = await openSocketServer((request, response) => {
    opened += 1;
    if (opened === 1) return request.socket.destroy();
    begin(response);
    const bytes = Buffer.from(recordOf(4).slice(position(request)).join(""));
    if (opened === 2) return response.write(bytes.subarray(0, 40), () => response.destroy());
    if (opened === 3) return response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
    return response.end(bytes);
  });
  expect(await collect(streamRun(server.transport, { host: "h", command: "x" }))).toEqual(idsUpTo(4));
  expect(server.requests.map(({ method, url }) => `${method ?? ""} ${url ?? ""}`)).toEqual([
    "POST /api/runs",
    "POST /api/runs",
    "POST /api/runs",
    `GET /api/runs/${runId}/events`,
  ]);
  const keys = new Set(server.requests.slice(0, 3).map(({ headers }) => headers["idempotency-key"]));
  expect(keys.size).toBe(1);
  expect(server.requests[0]?.headers.accept).toBe("text/event-stream");
});

test("two runs have two keys", async () => {
  await using server = await openSocketServer((_, response) => {
    begin(response);
    response.end(recordOf(1).join(""));
  });
  for (let index = 0; index < 2; index += 1) {
    await collect(streamRun(server.transport, { host: "h", command: "x" }));
  }
  expect(new Set(server.requests.map(({ headers }) => headers["idempotency-key"])).size).toBe(2);
});

test("after its end the connection serves the next run", async () => {
  await using server = await openSocketServer((_, response) => {
    begin(response);
    response.end(recordOf(3).join(""));
  });
  for (let index = 0; index < 4; index += 1) {
    await collect(streamRun(server.transport, { host: "h", command: "x" }));
  }
  expect(server.connections()).toBe(1);
});

test("who stops reading early leaves the stream", async () => {
  await using server = await openSocketServer((_, response) => {
    begin(response);
    response.write(recordOf(9).slice(0, 3).join(""));
  });
  for await (const { id } of runEvents(server.transport, runId)) if (id === "e.2") break;
  await server.empty();
});

test("an aborted signal ends it with an AbortError, also while nothing comes", async () => {
  await using server = await openSocketServer((_, response) => {
    begin(response);
    response.write(recordOf(9).slice(0, 1).join(""));
  });
  const controller = new AbortController();
  const events = runEvents(server.transport, runId, { signal: controller.signal });
  expect((await events.next()).value).toHaveProperty("id", "e.1");
  const failing = failureOf(events.next());
  controller.abort();
  expect(await failing).toHaveProperty("name", "AbortError");
  await server.empty();
});

test("a reader that does not read holds the daemon back", async () => {
  const piece = `id: e.1\ndata: ${JSON.stringify({ type: "output", ...base, stream: "stdout", offset: 0, data: "x".repeat(60_000) })}\n\n`;
  let sent = 0;
  let stalled: () => void = () => undefined;
  const stall = new Promise<void>((resolve) => {
    stalled = resolve;
  });
  await using server = await openSocketServer(async (_, response) => {
    begin(response);
    for (let seq = 1; seq < 1000; seq += 1) {
      sent += 1;
      if (response.write(piece.replace("e.1", `e.${seq}`))) continue;
      const late = setTimeout(stalled, 300);
      await once(response, "drain");
      clearTimeout(late);
    }
    response.end(`id: e.1000\ndata: ${JSON.stringify(complete)}\n\n`);
  });
  const events = runEvents(server.transport, runId);
  await events.next();
  await stall;
  expect(sent).toBeLessThan(50);
  expect(await collect(events)).toHaveLength(999);
});

test("changes go on behind the last one", async () => {
  await using server = await openSocketServer((request, response) => {
    begin(response);
    const seq = position(request) + 1;
    response.end(
      `id: e.${seq}\ndata: ${JSON.stringify({ type: "hostDeleted", timestamp, id: seq, name: "h" })}\n\n`,
    );
  });
  const ids: string[] = [];
  for await (const { id } of changes(server.transport)) {
    ids.push(id);
    if (ids.length === 3) break;
  }
  expect(ids).toEqual(["e.1", "e.2", "e.3"]);
});
