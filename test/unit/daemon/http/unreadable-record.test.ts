import { once } from "node:events";
import { createServer, get } from "node:http";
import { expect, test } from "vitest";
import { createLog } from "../../../../daemon/core/log.ts";
import { sendEvents, StreamFigures } from "../../../../daemon/http/sse.ts";
import { openDirectory } from "../../../support/directory.ts";

test("a record that cannot be read cuts its reader off, is logged, and harms nothing else", async () => {
  await using directory = await openDirectory();
  const socketPath = directory.join("sock");
  const figures = new StreamFigures();
  const lines: string[] = [];
  const log = createLog(
    () => "error",
    (line) => lines.push(line),
  );
  const feed = {
    from: 0,
    after: (seq: number) => {
      if (seq > 0) throw new Error("disk image is malformed");
      return [{ seq: 1, bytes: Buffer.from("data: 1\n\n") }];
    },
    over: () => false,
    follow: () => () => undefined,
  };
  const server = createServer((_, response) => sendEvents(response, feed, { status: 200, figures, log }));
  using _ = { [Symbol.dispose]: () => server.close() };
  await once(server.listen(socketPath), "listening");
  const request = get({ socketPath }, (response) => response.on("error", () => undefined).resume());
  const [failure]: unknown[] = await once(request, "close").then(
    () => [],
    (reason: unknown) => [reason],
  );
  expect(failure).toMatchObject({ code: "ECONNRESET" });
  expect(lines.join()).toContain("disk image is malformed");
  expect(figures.open).toBe(0);
});
