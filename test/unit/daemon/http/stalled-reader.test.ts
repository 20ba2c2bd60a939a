import { once } from "node:events";
import { createServer, get, type IncomingMessage } from "node:http";
import { expect, onTestFinished, test, vi } from "vitest";
import { silentLog } from "../../../../daemon/core/log.ts";
import { sendEvents, StreamFigures } from "../../../../daemon/http/sse.ts";
import { openDirectory } from "../../../support/directory.ts";

const endless = {
  from: 0,
  after: (seq: number) => [{ seq: seq + 1, bytes: Buffer.alloc(64 * 1024, ":") }],
  over: () => false,
  follow: () => () => undefined,
};
/** Its end is sent at once, but is more than a socket takes by itself. */
const ended = {
  ...endless,
  after: (seq: number) => (seq === 0 ? [{ seq: 1, bytes: Buffer.alloc(450 * 1024, ":") }] : []),
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
  const figures = new StreamFigures(silentLog, 200);
  const closed = Promise.withResolvers<void>();
  const failures: Error[] = [];
  const server = createServer((_, response) => {
    response.on("error", (failure) => failures.push(failure));
    response.on("close", () => closed.resolve());
    sendEvents(response, 200, feed, figures);
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
  expect(figures.open).toBe(0);
  request.destroy();
  server.close();
});

test("a reader to whom nothing happens hears every 15 s that its stream is alive", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  await using directory = await openDirectory();
  const socketPath = directory.join("sock");
  const feed = { from: 0, after: () => [], over: () => false, follow: () => () => undefined };
  const server = createServer((_, response) => sendEvents(response, 200, feed, new StreamFigures(silentLog)));
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
