import { once } from "node:events";
import { createServer, get } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { silentLog } from "../../../../daemon/core/log.ts";
import { type EventMessage, type MessageFeed, sendEvents } from "../../../../daemon/http/sse.ts";
import { EventStreams } from "../../../../daemon/http/event-streams.ts";
import { openDirectory } from "../../../support/directory.ts";

/** A feed with a first message, and its reader, who is told when something comes. */
async function openReader(holdMs: number) {
  const stack = new AsyncDisposableStack();
  const directory = stack.use(await openDirectory());
  const messages: EventMessage[] = [];
  const wakers: (() => void)[] = [];
  const append = (text: string): void => {
    messages.push({ seq: messages.length + 1, parts: [Buffer.from(text)] });
    for (const wake of wakers) wake();
  };
  append("first ");
  const feed: MessageFeed = {
    from: 0,
    holdMs,
    after: (seq) => messages.slice(seq),
    over: () => false,
    follow: (wake) => {
      wakers.push(wake);
      return () => undefined;
    },
  };
  const served = Promise.withResolvers<void>();
  const server = createServer((_, response) => {
    sendEvents(response, 200, feed, new EventStreams(silentLog));
    served.resolve();
  });
  await once(server.listen(directory.join("sock")), "listening");
  stack.defer(() => void server.close());
  const chunks: string[] = [];
  const request = get({ socketPath: directory.join("sock") }, (response) => {
    response.setEncoding("utf8").on("data", (chunk: string) => chunks.push(chunk));
    response.on("error", () => undefined);
  });
  request.on("error", () => undefined);
  stack.defer(() => void request.destroy());
  await served.promise;
  return { append, chunks, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

test("what a stream begins with goes out with what comes next", async () => {
  await using reader = await openReader(60_000);
  await delay(50);
  expect(reader.chunks).toEqual([]);
  reader.append("second");
  await expect.poll(() => reader.chunks).toEqual(["first second"]);
});

test("where nothing comes, it waits no longer than it may", async () => {
  await using reader = await openReader(20);
  await expect.poll(() => reader.chunks).toEqual(["first "]);
});
