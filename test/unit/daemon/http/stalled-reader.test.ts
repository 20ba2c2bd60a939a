import { once } from "node:events";
import { createServer, get, type IncomingMessage, type ServerResponse } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { silentLog } from "../../../../daemon/core/log.ts";
import { type MessageFeed, sendEvents } from "../../../../daemon/http/sse.ts";
import { EventStreams } from "../../../../daemon/http/event-streams.ts";
import { openDirectory } from "../../../support/directory.ts";

const endless = {
  from: 0,
  after: (seq: number) => [{ seq: seq + 1, parts: [Buffer.alloc(64 * 1024, ":")] }],
  over: () => false,
  follow: () => () => undefined,
};
/** Its end is sent at once, but is more than a socket takes by itself. */
const ended = {
  ...endless,
  after: (seq: number) => (seq === 0 ? [{ seq: 1, parts: [Buffer.alloc(450 * 1024, ":")] }] : []),
  over: () => true,
};

test.each([
  ["that goes on", endless],
  ["that is over", ended],
])("a reader that takes nothing for long of a stream %s is disconnected", async (_what, feed) => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  await using directory = await openDirectory();
  const socketPath = directory.join("sock");
  const streams = new EventStreams(silentLog, 200);
  const closed = Promise.withResolvers<void>();
  const failures: Error[] = [];
  const server = createServer((_, response) => {
    response.on("error", (failure) => failures.push(failure));
    response.on("close", () => closed.resolve());
    sendEvents(response, 200, feed, streams);
  });
  await once(server.listen(socketPath), "listening");
  const request = get({ socketPath });
  request.on("error", () => undefined);
  request.on("response", (response) => response.on("error", () => undefined).pause());
  await once(request, "response");
  // No sign of life behind the end of a stream: it would be an error that nobody expects.
  vi.advanceTimersByTime(60_000);
  await closed.promise;
  expect(failures).toEqual([]);
  expect(streams.metrics.open).toBe(0);
  request.destroy();
  server.close();
});

/** A reader for whom others wait, and what is told of it. */
async function openPlace(feed: Partial<MessageFeed> = {}) {
  const directory = await openDirectory();
  const socketPath = directory.join("sock");
  const served = Promise.withResolvers<ServerResponse>();
  const gone = Promise.withResolvers<number | undefined>();
  const told = { taken: 0 };
  const place = {
    timeoutMs: 30_000,
    taken: (seq: number) => {
      told.taken = seq;
    },
    leave: gone.resolve,
  };
  const server = createServer((_, response) => {
    served.resolve(response);
    sendEvents(response, 200, { ...endless, ...feed, place }, new EventStreams(silentLog));
  });
  await once(server.listen(socketPath), "listening");
  const answered = Promise.withResolvers<IncomingMessage>();
  const request = get({ socketPath }, answered.resolve);
  request.on("error", () => undefined);
  const reader = await answered.promise;
  reader.on("error", () => undefined);
  const response = await served.promise;
  return {
    told,
    reader,
    /** What it was sent; undefined of one that was sent away. */
    gone: gone.promise,
    response,
    /** Nothing more can be sent before the reader takes something. */
    async full() {
      while (response.writableLength <= 64 * 1024) await nextTurn();
    },
    async [Symbol.asyncDispose]() {
      request.destroy();
      server.close();
      await directory[Symbol.asyncDispose]();
    },
  };
}

test("a reader that others wait for is sent away once it has taken nothing for its time, and not before", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  await using place = await openPlace();
  const { told, reader, response } = place;
  for (const _ of [1, 2, 3]) {
    await place.full();
    vi.advanceTimersByTime(29_999);
    expect(response.destroyed).toBe(false);
    const before = told.taken;
    while (told.taken === before) {
      reader.read();
      await nextTurn();
    }
  }
  await place.full();
  vi.advanceTimersByTime(30_000);
  expect(response.destroyed).toBe(true);
  expect(await place.gone).toBe(undefined);
});

test("of a reader that others wait for it is told what it was sent at the most when its connection ended", async () => {
  await using cut = await openPlace();
  await cut.full();
  cut.reader.destroy();
  expect(await cut.gone).toBeGreaterThan(cut.told.taken);
  await using whole = await openPlace(ended);
  whole.reader.resume();
  expect(await whole.gone).toBe(1);
  expect(whole.told.taken).toBe(1);
});

test("a reader that left before its stream began is gone at once", async () => {
  await using place = await openPlace();
  place.reader.destroy();
  await place.gone;
  const gone = Promise.withResolvers<number | undefined>();
  const streams = new EventStreams(silentLog);
  const again = { timeoutMs: 30_000, taken: () => undefined, leave: gone.resolve };
  sendEvents(place.response, 200, { ...endless, place: again }, streams);
  expect(await gone.promise).toBe(0);
  expect(streams.metrics.open).toBe(0);
});

test("a reader to whom nothing happens hears every 15 s that its stream is alive", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  await using directory = await openDirectory();
  const socketPath = directory.join("sock");
  const feed = { from: 0, after: () => [], over: () => false, follow: () => () => undefined };
  const server = createServer((_, response) => sendEvents(response, 200, feed, new EventStreams(silentLog)));
  await once(server.listen(socketPath), "listening");
  const { promise, resolve } = Promise.withResolvers<IncomingMessage>();
  const request = get({ socketPath }, resolve);
  const response = await promise;
  let heard = "";
  response.setEncoding("utf8").on("data", (text: string) => {
    heard += text;
  });
  for (const beats of [1, 2, 3]) {
    const said = once(response, "data");
    vi.advanceTimersByTime(14_999);
    expect(heard.split("\n\n")).toHaveLength(beats);
    vi.advanceTimersByTime(1);
    await said;
    expect(heard).toMatch(new RegExp(`^(:[^\\n]*\\n\\n){${beats}}$`));
  }
  request.on("error", () => undefined);
  request.destroy();
  server.close();
});
