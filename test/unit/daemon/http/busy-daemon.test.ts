import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { readJson } from "../../../../daemon/http/body.ts";
import { respondToParserRefusals } from "../../../../daemon/http/parser-refusals.ts";
import { openDirectory } from "../../../support/directory.ts";

const timeoutMs = 100;
const head =
  "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n";

/** The answer to what `send` sends while the event loop is kept busy for longer than a request may take. */
async function answerOf(
  respond: RequestListener,
  send: (write: (bytes: string) => void) => Promise<void>,
): Promise<string> {
  await using directory = await openDirectory();
  const path = directory.join("sock");
  const server = createServer({ headersTimeout: timeoutMs, connectionsCheckingInterval: 10 }, respond);
  respondToParserRefusals(server);
  await once(server.listen(path), "listening");
  const socket = connect(path).setEncoding("latin1");
  let answer = "";
  socket.on("data", (text: string) => {
    answer += text;
  });
  const closed = once(socket, "close");
  await Promise.all([once(socket, "connect"), once(server, "connection")]);
  await send((bytes) => {
    socket.write(bytes);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5 * timeoutMs);
  });
  await closed;
  server.close();
  return answer;
}

test("a head that arrived while the daemon was busy was in time", async () => {
  const answer = await answerOf(
    (_, response) => response.end("taken"),
    async (write) => write(head),
  );
  expect(answer).toMatch(/^HTTP\/1\.1 200 [^]*taken$/);
});

test("a head that does not come to its end is given up", async () => {
  const answer = await answerOf(
    (_, response) => response.end("taken"),
    async (write) => write(head.slice(0, 30)),
  );
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
});

test("a body that arrived while the daemon was busy was in time", async () => {
  const begun = Promise.withResolvers<void>();
  const answer = await answerOf(
    (request, response) => {
      void readJson(request, timeoutMs).then(
        (body) => response.end(JSON.stringify(body)),
        (failure: unknown) => response.end(String(failure)),
      );
      begun.resolve();
    },
    async (write) => {
      write(head);
      await begun.promise;
      write("{}");
    },
  );
  expect(answer).toMatch(/\{\}$/);
});
