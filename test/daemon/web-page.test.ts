import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser } from "../support/browser.ts";
import { openCounter } from "../support/counter.ts";
import { type HostedDaemon, openHostedDaemon } from "../support/hosted-daemon.ts";
import { type TcpHttp, tcpHttp } from "../support/tcp-http.ts";

const html = await readFile(join(import.meta.dirname, "../support/hostile-page.html"), "utf8");
/** A name that an attacker has made to lead to this machine. */
const rebound = "rebound.example";

await using stack = new AsyncDisposableStack();
const counter = stack.use(await openCounter());
const daemon: HostedDaemon = stack.use(
  await openHostedDaemon({ flags: ["--listen", "127.0.0.1:0", "--rate-limit-per-minute", "0"] }),
);
const tcp: TcpHttp = await tcpHttp(daemon.stateDirectory);
const owned = stack.move();
let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser([
    `--host-resolver-rules=MAP ${rebound} 127.0.0.1`,
    // Chromium's own guard, which not every browser has, would keep these pages from asking at all.
    "--disable-features=LocalNetworkAccessChecks",
  ]);
});
afterAll(async () => {
  await browser.close();
  await owned.disposeAsync();
});

/** What requests can have changed. */
async function traces() {
  const { client } = daemon;
  return {
    runs: (await client.call("listRuns")).items,
    jobs: (await client.call("listJobs")).items,
    hosts: (await client.call("listHosts")).items,
    keys: (await client.call("listKnownHosts")).items,
    settings: await client.call("getSettings"),
    executions: await counter.count(),
  };
}

/** What Chromium's network layer saw come back from the daemon, also where it keeps that from the page. */
async function watchResponses(page: Page): Promise<readonly string[]> {
  const seen: string[] = [];
  // Frames of another site are in another process, and in another session.
  page.on("response", (response) => {
    const asked = response.request();
    if (asked.resourceType() === "document" && asked.frame() !== page.mainFrame())
      seen.push(`Document ${asked.method()} ${response.status()}`);
  });
  const session = await page.context().newCDPSession(page);
  const kinds = new Map<string, string>();
  const statuses = new Map<string, number>();
  // Of one request the two come in any order.
  const note = (id: string): void => {
    const [kind, status] = [kinds.get(id), statuses.get(id)];
    if (kind !== undefined && status !== undefined) seen.push(`${kind} ${status}`);
  };
  session.on("Network.requestWillBeSent", ({ requestId, request, type = "" }) => {
    if (new URL(request.url).port === port) kinds.set(requestId, `${type} ${request.method}`);
    note(requestId);
  });
  session.on("Network.responseReceivedExtraInfo", ({ requestId, statusCode }) => {
    statuses.set(requestId, statusCode);
    note(requestId);
  });
  session.on("Network.webSocketFrameError", ({ errorMessage }) => {
    seen.push(errorMessage.replace(/^.*handshake: Unexpected response code: /, "WebSocket GET "));
  });
  await session.send("Network.enable");
  return seen;
}

const port = tcp.authority.split(":")[1] ?? "";

test.each([
  ["on another loopback port, of the daemon's address", "another", `http://127.0.0.1:${port}`],
  ["on another loopback port, of a name that leads to it", "another", `http://localhost:${port}`],
  ["under a name that was rebound to the daemon's address", "own", `http://${rebound}:${port}`],
])("a real page %s: every way to ask is refused, and nothing changes", async (_what, origin, at) => {
  const before = await traces();
  await using site = await openSite();
  await using context = await browser.newContext();
  const page = await context.newPage();
  const seen = await watchResponses(page);
  // The attacker's own server answered for the page, before its name came to lead elsewhere.
  if (origin === "own") {
    await page.route(`${at}/page`, (route) => route.fulfill({ contentType: "text/html", body: html }));
  }
  await page.goto(origin === "own" ? `${at}/page` : site.url);
  const read = await page.evaluate(
    `attack(${JSON.stringify({ at, token: tcp.token, command: counter.command })})`,
  );
  expect(read).toEqual([]);
  const kinds = ["Fetch GET", "Fetch POST", "Ping POST", "Image GET", "Script GET", "Stylesheet GET"];
  // Chromium tells of a response in its own time.
  for (const kind of [...kinds, "Document GET", "Document POST", "EventSource GET", "WebSocket GET"])
    await expect.poll(() => seen).toContain(`${kind} 403`);
  for (const each of seen) expect(each).toMatch(/ 403$/);
  expect(await traces()).toEqual(before);
});

/** The attacker's page, on a port of its own. */
async function openSite(): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((_, response) => {
    response.setHeader("Content-Type", "text/html").end(html);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const at = address !== null && typeof address === "object" ? address.port : 0;
  return {
    url: `http://127.0.0.1:${at}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}
