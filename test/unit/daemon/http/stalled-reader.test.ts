import { once } from "node:events";
import { createServer, get } from "node:http";
import { expect, test } from "vitest";
import { silentLog } from "../../../../daemon/core/log.ts";
import { sendEvents, StreamFigures } from "../../../../daemon/http/sse.ts";
import { openDirectory } from "../../../support/directory.ts";

test("a reader that takes nothing for long is disconnected", async () => {
  await using directory = await openDirectory();
  const socketPath = directory.join("sock");
  const figures = new StreamFigures(silentLog, 200);
  const bytes = Buffer.alloc(64 * 1024, ":");
  const feed = {
    from: 0,
    after: (seq: number) => [{ seq: seq + 1, bytes }],
    over: () => false,
    follow: () => () => undefined,
  };
  const closed = Promise.withResolvers<void>();
  const server = createServer((_, response) => {
    response.on("close", () => closed.resolve());
    sendEvents(response, 200, feed, figures);
  });
  await once(server.listen(socketPath), "listening");
  const request = get({ socketPath });
  request.on("error", () => undefined);
  request.on("response", (response) => response.on("error", () => undefined).pause());
  await closed.promise;
  expect(figures.open).toBe(0);
  request.destroy();
  server.close();
});
