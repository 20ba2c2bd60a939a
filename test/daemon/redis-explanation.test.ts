import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { explainAbsence } from "../../daemon/cache/redis-explanation.ts";
import { openRedisCache } from "../../daemon/cache/redis.ts";
import { silentLog } from "../../daemon/core/log.ts";
import { openDirectory } from "../support/directory.ts";
import { openRedis, testSeal } from "../support/redis.ts";
import { freePort, openServerProcess, portOf } from "../support/server-process.ts";
import { openTcpPeer } from "../support/tcp-peer.ts";

const password = "only:here/and there";
const user = `:${encodeURIComponent(password)}@`;
const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());

/** Addresses, by what is there. */
const at: Record<string, string> = {};
beforeAll(async () => {
  const directory = stack.use(await openDirectory());
  const web = createServer().listen(0, "127.0.0.1");
  stack.defer(() => void web.close());
  await once(web, "listening");
  at["web"] = `127.0.0.1:${portOf(web)}`;
  const closing = stack.use(await openTcpPeer((socket) => socket.end()));
  at["closing"] = `127.0.0.1:${closing.port}`;
  const silent = stack.use(await openTcpPeer());
  at["silent"] = `127.0.0.1:${silent.port}`;
  at["nothing"] = `127.0.0.1:${await freePort()}`;

  const [key, certificate] = [directory.join("key"), directory.join("certificate")];
  const request = ["req", "-x509", "-newkey", "ed25519", "-nodes", "-days", "2", "-subj", "/CN=redis"];
  execFileSync("openssl", [...request, "-keyout", key, "-out", certificate], { stdio: "ignore" });
  const tlsPort = await freePort();
  const tls = ["--tls-port", String(tlsPort), "--tls-cert-file", certificate, "--tls-key-file", key];
  stack.use(await openRedis({ options: [...tls, "--tls-ca-cert-file", certificate] }));
  at["tls"] = `127.0.0.1:${tlsPort}`;

  const secured = stack.use(await openRedis({ password }));
  at["secured"] = `127.0.0.1:${secured.port}`;
  const open = stack.use(await openRedis());
  at["open"] = `127.0.0.1:${open.port}`;
  const bus = ["--cluster-port", String(await freePort())];
  const incomplete = stack.use(await openRedis({ options: ["--cluster-enabled", "yes", ...bus] }));
  at["incomplete"] = `127.0.0.1:${incomplete.port}`;

  const sentinelPort = await freePort();
  const monitored = `sentinel monitor main 127.0.0.1 ${secured.port} 1`;
  const lines = [`port ${sentinelPort}`, "bind 127.0.0.1", monitored, ""];
  await writeFile(directory.join("sentinel.conf"), lines.join("\n"));
  const command = ["redis-server", directory.join("sentinel.conf"), "--sentinel"] as const;
  stack.use(await openServerProcess([...command, "--dir", directory.path], { ready: /\+monitor/ }));
  at["sentinel"] = `127.0.0.1:${sentinelPort}`;
});

/** A URL in which names stand for addresses. */
const urlOf = (text: string): string => text.replaceAll(/<(\w+)>/g, (_, name: string) => at[name] ?? "");

/** What is said of such a URL. */
async function problemOf(url: string): Promise<string | null> {
  await using cache = openRedisCache(urlOf(url), testSeal(), silentLog);
  const explained = () => cache.metrics().problem;
  await expect.poll(explained, { timeout: 20_000 }).toMatch(/^\S+:\d+ /);
  expect(cache.metrics().connected).toBe(false);
  let text = explained() ?? "";
  for (const [name, address] of Object.entries(at)) text = text.replaceAll(address, `<${name}>`);
  return text;
}

const http = 'is not Redis: its answer begins with "HTTP/1.1 400 Bad Request"';
const closed = "closed the connection; if it requires TLS, redisUrl begins with rediss";
const refused = "refuses connections; see whether Redis is running there";
const withoutTls = "does not answer with TLS, which rediss:// requires";

test.concurrent.each([
  ["redis://<web>", `<web> ${http}`],
  ["rediss://<web>", `<web> ${withoutTls}`],
  ["redis://<closing>", `<closing> ${closed}`],
  ["redis://<silent>", "<silent> does not answer"],
  ["redis://<nothing>", `<nothing> ${refused}`],
  ["redis://<tls>", `<tls> ${closed}`],
  ["rediss://<tls>", "<tls> has a certificate that is not accepted here: self-signed certificate"],
  ["redis://<secured>", "<secured> requires a password, which redisUrl does not have"],
  [
    `redis://:wrong@<secured>`,
    "<secured> refuses: WRONGPASS invalid username-password pair or user is disabled.",
  ],
  ["redis://no-such-host.invalid", "no-such-host.invalid:6379 has no address: the name is not known here"],
  ["redis+sentinel://<web>/main", `<web> ${http}`],
  ["redis+sentinel://<tls>/main", "<tls> closed the connection; sentinels are reached without TLS"],
  ["redis+sentinel://<nothing>/main?also=<web>", `<nothing> ${refused}; <web> ${http}`],
  ["redis+sentinel://<open>/main", "<open> is not a sentinel"],
  ["redis+sentinel://<sentinel>/other", "<sentinel> knows no master named other"],
  [
    "redis+sentinel://<sentinel>/main",
    "<secured> requires a password, which redisUrl does not have (the master according to <sentinel>)",
  ],
  [
    `rediss+sentinel://${user}<sentinel>/main`,
    "<secured> does not answer; if it has no TLS, redisUrl begins with redis (the master according to <sentinel>)",
  ],
  ["redis+cluster://<web>", `<web> ${http}`],
  ["redis+cluster://<tls>?also=<closing>", `<tls> ${closed}; <closing> ${closed}`],
  [
    "redis+cluster://<nothing>?also=<nothing>,<web>",
    `<nothing> ${refused}; <nothing> ${refused}, and 1 more`,
  ],
  ["rediss+cluster://<web>", `<web> ${withoutTls}`],
  ["redis+cluster://<open>", "<open> is not a node of a cluster"],
  ["redis+cluster://<incomplete>", "<incomplete> reports that the cluster is down"],
])("%s is explained", { timeout: 60_000 }, async (url, problem) => {
  expect(await problemOf(url)).toBe(problem);
});

test("nothing is explained while one of the servers can be used", async () => {
  const url = urlOf(`redis+sentinel://${user}<nothing>/main?also=<sentinel>`);
  expect(await explainAbsence(url, new AbortController().signal)).toBeUndefined();
});
