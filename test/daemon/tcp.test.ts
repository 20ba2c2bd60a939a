import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDaemon } from "../../client/daemon.ts";
import { untilConnected } from "../support/cache-connected.ts";
import { openCli } from "../support/cli.ts";
import { openTestDaemon, spawnDaemon, type TestDaemon, watchFor } from "../support/daemon.ts";
import { openDirectory } from "../support/directory.ts";
import { matching } from "../support/matching.ts";
import { openRedis } from "../support/redis.ts";
import { type TcpHttp, tcpHttp } from "../support/tcp-http.ts";

let daemon: TestDaemon;
let tcp: TcpHttp;

beforeAll(async () => {
  daemon = await openTestDaemon({ flags: ["--listen", "127.0.0.1:0", "--rate-limit-per-minute", "0"] });
  tcp = await tcpHttp(daemon.stateDirectory);
});
afterAll(() => daemon[Symbol.asyncDispose]());

describe("TCP", () => {
  test("is off by itself", async () => {
    await using quiet = await openTestDaemon();
    expect(quiet.client.discovery.url).toBeNull();
  });

  test("serves who shows the token, and nobody else", async () => {
    expect((await tcp.ask("GET", "/api/health")).status).toBe(200);
    const right = tcp.token;
    const wrong = [undefined, "", "Bearer", "Bearer ", `Bearer ${right}x`, `Bearer ${right.slice(1)}`, right];
    const others = [`Basic ${Buffer.from(`:${right}`).toString("base64")}`, `Bearer ${"x".repeat(43)}`];
    for (const authorization of [...wrong, ...others]) {
      const answer = await tcp.ask("GET", "/api/health", { headers: { authorization } });
      expect([authorization, answer.status, answer.problem().code]).toEqual([
        authorization,
        401,
        "unauthorized",
      ]);
      expect(answer.headers["www-authenticate"]).toBe("Bearer");
    }
    const inUrl = await tcp.ask("GET", `/api/health?token=${right}`, {
      headers: { authorization: undefined },
    });
    expect(inUrl.status).toBe(401);
  });

  test("does not serve who names no Host, in any version of HTTP", async () => {
    for (const version of ["1.0", "1.1"]) {
      const answer = await tcp.raw(
        `GET /api/health HTTP/${version}\r\nConnection: close\r\nAuthorization: Bearer ${tcp.token}\r\n\r\n`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n.*"code":"forbidden"/s);
    }
  });

  test("listens on [::1] as well, and names it as it is written in a URL", async () => {
    await using six = await openTestDaemon({ flags: ["--listen", "[::1]:0"] });
    expect(six.client.discovery.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    const http = await tcpHttp(six.stateDirectory);
    expect((await http.ask("GET", "/api/health")).status).toBe(200);
    expect((await http.ask("GET", "/api/health", { headers: { host: "localhost" } })).status).toBe(403);
  });

  test.each([
    "0.0.0.0:0",
    "[::]:0",
    "192.0.2.1:80",
    "localhost:0",
    ":0",
    "0",
    "127.0.0.1:99999",
    "127.0.0.2:0",
  ])("does not listen on %s", async (address) => {
    await using directory = await openDirectory();
    const at = directory.path;
    await using process = spawnDaemon({
      home: at,
      stateDirectory: join(at, "s"),
      flags: ["--listen", address],
    });
    const { code, stderr } = await process.ended;
    expect(code).toBe(1);
    expect(stderr).toContain("listen");
  });

  test("says so when the port is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const address = other.address();
    const port = address !== null && typeof address === "object" ? address.port : 0;
    await using directory = await openDirectory();
    const flags = ["--listen", `127.0.0.1:${port}`];
    await using process = spawnDaemon({ home: directory.path, stateDirectory: directory.join("s"), flags });
    const { code, stderr } = await process.ended;
    other.close();
    expect(code).toBe(1);
    expect(stderr).toContain(`Another program listens on 127.0.0.1:${port}`);
  });

  test("is asked for on the command line, which says where it is", async () => {
    await using cli = await openCli();
    const { status, stdout } = await cli.run(["start", "--listen", "127.0.0.1:0"]);
    expect(status).toBe(0);
    const http = await tcpHttp(cli.stateDirectory);
    expect(stdout.toString()).toContain(` and http://${http.authority}\n`);
    expect((await cli.run(["status"])).stdout.toString()).toContain(`http://${http.authority}`);
    const again = await cli.run(["start", "--listen", "127.0.0.1:1"]);
    expect([again.status, again.stderr.toString()]).toEqual([
      1,
      `hostrun: The daemon runs already, and listens on ${http.authority}. \`hostrun restart --listen 127.0.0.1:1\` starts it anew.\n`,
    ]);
    const pid = async (): Promise<unknown> =>
      /process \d+/.exec((await cli.run(["status"])).stdout.toString())?.[0];
    const before = await pid();
    for (const name of ["start", "restart"]) {
      const bad = await cli.run([name, "--listen", "0.0.0.0:1"]);
      expect([bad.status, bad.stderr.toString()]).toEqual([
        2,
        matching(/--listen is "0\.0\.0\.0:1", but must be/),
      ]);
    }
    await using taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const address = taken.address();
    const port = address !== null && typeof address === "object" ? address.port : 0;
    const occupied = await cli.run(["restart", "--listen", `127.0.0.1:${port}`]);
    expect([occupied.status, occupied.stderr.toString()]).toEqual([
      1,
      matching(/nothing was stopped: Another program listens on 127\.0\.0\.1:/),
    ]);
    await writeFile(join(cli.stateDirectory, "config.json"), '{"logLevel": "loud"}', { mode: 0o600 });
    expect((await cli.run(["restart"])).stderr.toString()).toContain("nothing was stopped: ");
    await rm(join(cli.stateDirectory, "config.json"));
    expect(await pid()).toBe(before);
    // The port that the daemon has itself is no other program's.
    expect((await cli.run(["restart", "--listen", http.authority])).status).toBe(0);
    const restarted = await cli.run(["restart", "--listen", "[::1]:0"]);
    expect(restarted.stdout.toString()).toContain(" and http://[::1]:");
    expect(await pid()).not.toBe(before);
  });

  test("is not begun by a daemon that runs already, which says what it does instead", async () => {
    await using cli = await openCli();
    await cli.run(["start"]);
    for (const address of ["127.0.0.1:7127", "127.0.0.1:0"]) {
      const { status, stderr } = await cli.run(["start", "--listen", address]);
      expect([status, stderr.toString()]).toEqual([
        1,
        `hostrun: The daemon runs already, and does not listen on TCP. \`hostrun restart --listen ${address}\` starts it anew.\n`,
      ]);
    }
  });

  test("is where it was told to be after a restart, too, until it is told otherwise", async () => {
    await using cli = await openCli();
    const { stdout } = await cli.run(["start", "--listen", "127.0.0.1:0"]);
    const url = /http:\/\/\S+/.exec(stdout.toString())?.[0] ?? "";
    expect((await cli.run(["restart"])).stdout.toString()).toContain(` and ${url}\n`);
    expect((await cli.run(["restart", "--no-listen"])).stdout.toString()).not.toContain("http:");
  });

  test("is started again with the options that it was started with", async () => {
    await using cli = await openCli();
    const { home, stateDirectory } = cli;
    await mkdir(stateDirectory, { mode: 0o700 });
    const ready = watchFor(stateDirectory, "daemon.json");
    const flags = ["--log-level", "debug", "--history-days", "7", "--listen", "127.0.0.1:0"];
    await using _ = spawnDaemon({ home, stateDirectory, flags });
    await ready;
    for (const args of [["restart"], ["restart", "--no-listen"]])
      expect(await cli.run(args)).toHaveProperty("status", 0);
    await using restarted = await openDaemon({ stateDirectory });
    const { values, sources } = await restarted.call("getSettings");
    expect(values).toMatchObject({ logLevel: "debug", historyDays: 7, listen: null });
    expect(sources).toMatchObject({ logLevel: "flag", historyDays: "flag", listen: "default" });
  });

  test("compresses JSON where that is asked for, and no small answers", async () => {
    const headers = { "accept-encoding": "gzip" };
    const plain = await tcp.ask("GET", "/api/openapi.json");
    const packed = await tcp.ask("GET", "/api/openapi.json", { headers });
    expect(packed.headers["content-encoding"]).toBe("gzip");
    expect(packed.headers.vary).toBe("Accept-Encoding");
    expect(packed.headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(gunzipSync(packed.bytes).equals(plain.bytes)).toBe(true);
    expect(packed.bytes.length).toBeLessThan(plain.bytes.length / 4);
    expect((await tcp.ask("GET", "/api/health", { headers })).headers["content-encoding"]).toBeUndefined();
  });
});

test("what is static can be kept, and is told to be the same; nothing else is", async () => {
  const path = "/api/openapi.json";
  const first = await tcp.ask("GET", path);
  const { etag = "" } = first.headers;
  expect(first.headers["cache-control"]).toBe("private, max-age=86400");
  expect(etag).toMatch(/^W\/"[\w-]{43}"$/);
  for (const accepted of ["identity", "gzip"]) {
    const headers = { "if-none-match": etag, "accept-encoding": accepted };
    const same = await tcp.ask("GET", path, { headers });
    expect([same.status, same.bytes.length, same.headers.etag]).toEqual([304, 0, etag]);
  }
  const other = await tcp.ask("GET", path, { headers: { "if-none-match": 'W/"other"' } });
  expect([other.status, other.bytes.length]).toEqual([200, first.bytes.length]);
  const stranger = await tcp.ask("GET", path, {
    headers: { "if-none-match": etag, authorization: undefined },
  });
  expect(stranger.status).toBe(401);
  for (const live of ["/api/health", "/api/stats", "/api/hosts", "/api/settings"]) {
    const { headers } = await tcp.ask("GET", live);
    expect([live, headers["cache-control"], headers.etag]).toEqual([live, "no-store", undefined]);
  }
});

describe("what a web page, a proxy or a relay can send", () => {
  const paths = ["/api/health", "/api/hosts", "/api/runs", "/api/events", "/api/none", "/", "/api/settings"];
  const methods = ["GET", "POST", "PATCH", "DELETE", "OPTIONS", "HEAD", "PUT"];
  const port = (): string => tcp.authority.split(":")[1] ?? "";
  const foreign: readonly [what: string, headers: () => Record<string, string>][] = [
    ["another name", () => ({ host: `localhost:${port()}` })],
    ["a name that is rebound", () => ({ host: `evil.example:${port()}` })],
    ["no port", () => ({ host: "127.0.0.1" })],
    ["another port", () => ({ host: "127.0.0.1:1" })],
    ["the other family", () => ({ host: `[::1]:${port()}` })],
    ["a dot behind", () => ({ host: `127.0.0.1.:${port()}` })],
    ["a short form", () => ({ host: `127.1:${port()}` })],
    ["a user", () => ({ host: `x@${tcp.authority}` })],
    ["a longer port", () => ({ host: `127.0.0.1:0${port()}` })],
    ["letters behind the port", () => ({ host: `${tcp.authority}.evil.example` })],
    ["two names in one", () => ({ host: `${tcp.authority}, evil.example` })],
    ["an Origin", () => ({ origin: "http://evil.example" })],
    ["its own Origin", () => ({ origin: `http://${tcp.authority}` })],
    ["an opaque Origin", () => ({ origin: "null" })],
    ["a Referer", () => ({ referer: "http://evil.example/" })],
    ["another site", () => ({ "sec-fetch-site": "cross-site" })],
    ["the same site", () => ({ "sec-fetch-site": "same-site" })],
  ];

  test.each(foreign)(
    "%s: is refused with the token, on every path and of every method",
    async (_, headers) => {
      for (const path of paths) {
        for (const method of methods) {
          const body = ["POST", "PATCH", "PUT"].includes(method) ? { json: {} } : {};
          const answer = await tcp.ask(method, path, { headers: headers(), ...body });
          expect([method, path, answer.status]).toEqual([method, path, 403]);
        }
      }
    },
  );

  test("two Hosts are refused, also where both are the right one", async () => {
    for (const second of [tcp.authority, "evil.example"]) {
      const answer = await tcp.raw(
        `GET /api/health HTTP/1.1\r\nHost: ${tcp.authority}\r\nhost: ${second}\r\nConnection: close\r\n` +
          `Authorization: Bearer ${tcp.token}\r\n\r\n`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n.*"code":"forbidden"/s);
    }
  });

  test("a refused request changes nothing", async () => {
    const before = await daemon.client.call("listHosts");
    const json = { name: "planted", address: "192.0.2.1" };
    for (const [, headers] of foreign) {
      expect((await tcp.ask("POST", "/api/hosts", { headers: headers(), json })).status).toBe(403);
    }
    const unknown = await tcp.ask("POST", "/api/hosts", { headers: { authorization: undefined }, json });
    expect(unknown.status).toBe(401);
    expect(await daemon.client.call("listHosts")).toEqual(before);
  });

  test("an upgrade, a target in absolute form and an Expect are looked at like everything else", async () => {
    const upgrade = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" };
    expect(
      (await tcp.ask("GET", "/api/health", { headers: { ...upgrade, authorization: undefined } })).status,
    ).toBe(401);
    expect(
      (await tcp.ask("GET", "/api/health", { headers: { ...upgrade, origin: "http://x" } })).status,
    ).toBe(403);
    const head = `Host: ${tcp.authority}\r\nAuthorization: Bearer ${tcp.token}\r\nConnection: close\r\n`;
    const absolute = await tcp.raw(`GET http://evil.example/api/health HTTP/1.1\r\n${head}\r\n`);
    expect(absolute).toMatch(/^HTTP\/1\.1 403 /);
    const expecting = `Expect: 100-continue\r\nContent-Length: 2\r\nContent-Type: application/json\r\n`;
    const asked = await tcp.raw(
      `POST /api/hosts HTTP/1.1\r\nHost: ${tcp.authority}\r\nConnection: close\r\n${expecting}\r\n`,
    );
    expect(asked).toMatch(/^HTTP\/1\.1 401 /);
    expect(await tcp.raw(`GET /api/health HTTP/1.0\r\nAuthorization: Bearer ${tcp.token}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 403 /,
    );
    expect(await tcp.raw(`CONNECT evil.example:22 HTTP/1.1\r\n${head}\r\n`)).not.toMatch(/^HTTP\/1\.1 2/);
  });

  test("a body of another type is refused", async () => {
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=a",
    ]) {
      const answer = await tcp.ask("POST", "/api/hosts", { headers: { "content-type": type }, body: "{}" });
      expect([type, answer.status]).toEqual([type, 415]);
    }
  });
});

describe("the token", () => {
  test("has 256 bits, is readable by its owner only, and outlives the daemon", async () => {
    await using directory = await openDirectory();
    const stateDirectory = directory.path;
    const tokens: string[] = [];
    for (let start = 0; start < 2; start += 1) {
      await using one = await openTestDaemon({ stateDirectory });
      tokens.push(one.client.discovery.token);
      expect((await stat(join(stateDirectory, "token"))).mode & 0o777).toBe(0o600);
    }
    expect(Buffer.from(tokens[0] ?? "", "base64url")).toHaveLength(32);
    expect(tokens[1]).toBe(tokens[0]);
  });

  test("is replaced over the socket only: the one before is refused, and its streams end", async () => {
    await using own = await openTestDaemon({ flags: ["--listen", "127.0.0.1:0"] });
    const before = await tcpHttp(own.stateDirectory);
    expect((await before.ask("POST", "/api/token/rotate", { json: {} })).problem().code).toBe("forbidden");
    const stream = await before.open("GET", "/api/events");
    const ended = new Promise((resolve) => stream.resume().on("error", resolve).on("close", resolve));
    await using cli = await openCli();
    const env = { HOSTRUN_HOME: own.stateDirectory };
    const { status, stdout } = await cli.run(["token", "rotate"], { env });
    expect([status, stdout.toString()]).toEqual([0, "The token was replaced. `hostrun token` shows it.\n"]);
    await ended;
    expect((await before.ask("GET", "/api/health")).status).toBe(401);
    const after = await tcpHttp(own.stateDirectory);
    expect(after.token).not.toBe(before.token);
    expect((await after.ask("GET", "/api/health")).status).toBe(200);
    const shown = await cli.run(["token"], { env });
    expect(shown.stdout.toString()).toBe(`${after.token}\n`);
    const log = await readFile(join(own.stateDirectory, "daemon.log"), "utf8");
    expect(log).not.toContain(before.token);
    expect(log).not.toContain(after.token);
  });
});

describe("the rate limit", () => {
  const ask = (http: TcpHttp) =>
    http.ask("POST", "/api/runs", { json: { host: "nowhere.invalid", command: "true" } });

  test("lets a client start so many runs in a minute over TCP, and says when to try again", async () => {
    await using own = await openTestDaemon({
      flags: ["--listen", "127.0.0.1:0", "--rate-limit-per-minute", "3"],
    });
    const http = await tcpHttp(own.stateDirectory);
    for (const remaining of ["2", "1", "0"]) {
      const { status, headers } = await ask(http);
      expect(status).not.toBe(429);
      expect([headers["ratelimit-limit"], headers["ratelimit-remaining"]]).toEqual(["3", remaining]);
    }
    const refused = await ask(http);
    expect([refused.status, refused.problem().code]).toEqual([429, "rate_limited"]);
    const wait = Number(refused.headers["retry-after"]);
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(60);
    expect((await http.ask("GET", "/api/runs")).status).toBe(200);
    const paths = [
      "/api/ssh/stream",
      "/api/Jobs/",
      "/api/runs/x/rerun",
      "/api/jobs/x/rerun",
      "/api/hosts/x/test",
    ];
    for (const path of paths) {
      expect([path, (await http.ask("POST", path, { json: {} })).status]).toEqual([path, 429]);
    }
    const onSocket = await own.http.ask("POST", "/api/runs", {
      json: { host: "nowhere.invalid", command: "true" },
    });
    expect(onSocket.status).not.toBe(429);
    expect(onSocket.headers["ratelimit-limit"]).toBeUndefined();
  });

  test("is shared by daemons that have one Redis, and counts here while that is away", async () => {
    const redis = await openRedis();
    const flags = ["--listen", "127.0.0.1:0", "--rate-limit-per-minute", "3", "--redis-url", redis.url];
    await using one = await openTestDaemon({ flags });
    await using two = await openTestDaemon({ flags });
    const [first, second] = [await tcpHttp(one.stateDirectory), await tcpHttp(two.stateDirectory)];
    await untilConnected(one, true);
    await untilConnected(two, true);
    await ask(first);
    await ask(second);
    expect((await ask(first)).headers["ratelimit-remaining"]).toBe("0");
    expect((await ask(second)).status).toBe(429);
    await redis[Symbol.asyncDispose]();
    const alone = await ask(second);
    expect(alone.status).not.toBe(429);
    expect(alone.status).not.toBe(500);
  });
});
