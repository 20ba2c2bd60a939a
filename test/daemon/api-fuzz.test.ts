import * as fc from "fast-check";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openTestDaemon } from "../support/daemon.ts";
import { cases, casesTimeout, createRandom } from "../support/fault-counts.ts";
import { readAnswer } from "../support/http.ts";
import { openLiveMemory } from "../support/live-memory.ts";
import { type ApiRequest, requestsOf } from "../support/openapi-requests.ts";
import { freePort } from "../support/server-process.ts";

await using stack = new AsyncDisposableStack();
const memory = stack.use(await openLiveMemory());
const daemon = stack.use(await openTestDaemon({ environment: memory.environment }));
const owned = stack.move();
afterAll(() => owned.disposeAsync());

// A host that refuses at once: what is valid by chance reaches nobody.
const closed = await freePort();
const here = { name: "here", address: "127.0.0.1", port: closed, user: "nobody" };
const { id: hostId } = await daemon.client.call("createHost", { body: here });
const run = await daemon.client.call("createRun", { body: { host: "here", command: "true" } });
const job = await daemon.client.call("createJob", { body: { targets: ["here"], command: "true" } });

const document: unknown = JSON.parse(
  await readFile(join(import.meta.dirname, "../../protocol/openapi.json"), "utf8"),
);
const requests = requestsOf(document, {
  // Of these a valid one ends the daemon, or makes a file at each turn.
  without: ["shutdown", "createKey"],
  // That would end it, too, or have it write all that it does to its log, or look for hosts elsewhere.
  withoutProperties: ["idleExitMs", "logLevel", "defaultPort"],
  texts: [
    "here",
    String(hostId),
    run.id,
    job.id,
    "127.0.0.1",
    "true",
    "/dev/null",
    "a@here",
    "-x",
    "é\u202e\0",
  ],
});

/** Sends a request, and reads its answer to the end, but of streams the head only. */
async function statusOf({ method, path, body }: ApiRequest): Promise<number> {
  const headers: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
  const message = await daemon.http.open(method, path, body === undefined ? {} : { headers, body });
  const status = message.statusCode ?? 0;
  if (message.headers["content-type"]?.startsWith("text/event-stream") === true) message.destroy();
  else await readAnswer(message);
  return status;
}

async function openFiles(): Promise<number> {
  return (await readdir(`/proc/${daemon.pid}/fd`)).length;
}

/** So many requests are sent at the same time: each is a case. */
const atOnce = 8;

test("whatever the description of the API allows, or nearly so, is answered by no failure of the daemon", {
  timeout: Math.max(casesTimeout, 120_000),
}, async () => {
  const { seed } = createRandom();
  const before = { files: await openFiles(), memory: await memory.held(daemon.pid) };
  const answered = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(fc.array(requests, { minLength: atOnce, maxLength: atOnce }), async (together) => {
      const statuses = await Promise.all(together.map(statusOf));
      for (const [index, status] of statuses.entries()) {
        answered.set(status, (answered.get(status) ?? 0) + 1);
        const request = together[index];
        // 404 and 405 are also for a path that its parameters make another one.
        expect([...(request?.statuses ?? []), 404, 405], JSON.stringify([status, request])).toContain(status);
      }
    }),
    { numRuns: cases(1000).numRuns / atOnce, seed },
  );
  expect((await daemon.client.call("health")).pid).toBe(daemon.pid);
  const moreFiles = (await openFiles()) - before.files;
  const moreMb = ((await memory.held(daemon.pid)).objects - before.memory.objects) / 1_000_000;
  console.log(
    `seed ${seed}: ${[...answered].map(([status, count]) => `${count} of ${status}`).join(", ")}; ` +
      `${moreFiles} more open files, ${moreMb.toFixed(1)} MB more`,
  );
  // Valid requests are among them.
  for (const status of [200, 201, 204, 400, 404])
    expect(answered.get(status), String(status)).toBeGreaterThan(0);
  expect(moreFiles).toBeLessThan(100);
  expect(moreMb).toBeLessThan(40);
});
