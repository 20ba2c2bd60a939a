import { once } from "node:events";
import { createServer, get, type IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { createLog } from "../../../../daemon/core/log.ts";
import { sendEvents } from "../../../../daemon/http/sse.ts";
import { EventStreams } from "../../../../daemon/http/event-streams.ts";
import { openDirectory } from "../../../support/directory.ts";

test("a record that cannot be read costs its reader the stream, and nobody else anything", async () => {
  await using directory = await openDirectory();
  const socketPath = directory.join("sock");
  const lines: string[] = [];
  const log = createLog(
    () => "error",
    (line) => lines.push(line),
  );
  const streams = new EventStreams(log);
  let readable = true;
  let wake = (): void => undefined;
  const feed = {
    from: 0,
    after: (seq: number) => {
      if (!readable) throw new Error("disk I/O error");
      return seq === 0 ? [{ seq: 1, parts: [Buffer.from("id: e.1\ndata: {}\n\n")] }] : [];
    },
    over: () => false,
    follow: (each: () => void) => {
      wake = each;
      return () => undefined;
    },
  };
  const server = createServer((_, response) => sendEvents(response, 200, feed, streams));
  await once(server.listen(socketPath), "listening");
  const { promise, resolve } = Promise.withResolvers<IncomingMessage>();
  get({ socketPath }, resolve);
  const response = await promise;
  const seen: Buffer[] = [];
  response.on("data", (chunk: Buffer) => seen.push(chunk));
  const cut = once(response, "error");
  await once(response, "data");
  readable = false;
  // As the run that took output in does: the failure is not its own.
  expect(() => wake()).not.toThrow();
  expect((await cut)[0]).toMatchObject({ code: "ECONNRESET" });
  expect(Buffer.concat(seen).toString()).toBe("id: e.1\ndata: {}\n\n");
  expect(streams.metrics.open).toBe(0);
  expect(lines.join("")).toContain("disk I/O error");
  server.close();
});
