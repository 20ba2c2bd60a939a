import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmod, lstat, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Run } from "../../protocol/run.ts";
import { openCounter } from "../support/counter.ts";
import { type Directory, openDirectory } from "../support/directory.ts";
import { durableFilesOf, until } from "../support/durable.ts";
import { hostOf, openHostedDaemon, type RunOptions } from "../support/hosted-daemon.ts";
import { openRedis } from "../support/redis.ts";
import { readMessages, RunReading } from "../support/run-stream.ts";
import { openShells, shellNames } from "../support/shells.ts";
import { openSsh2Server } from "../support/ssh2-server.ts";
import { openSshd } from "../support/sshd.ts";
import { openUnixUser, type UnixUser } from "../support/unix-user.ts";

await using starting = new AsyncDisposableStack();
const shells = starting.use(await openShells());
const redis = starting.use(await openRedis());
const daemon = starting.use(await openHostedDaemon({ environment: { HOSTRUN_REDIS_URL: redis.url } }));
const directory: Directory = starting.use(await openDirectory({ readable: true }));
const stranger = starting.use(await openUnixUser());
const owned = starting.move();
afterAll(() => owned.disposeAsync());

const secret = (): string => `it's-${randomBytes(12).toString("hex")}`;

/** Lets another account read all that the host shows of an account's processes, over and over until the run is over. */
async function spied(user: string, value: string, run: () => Promise<unknown>): Promise<boolean> {
  const [pattern, over] = ["pattern", "over"].map((name) => directory.join(`${value.slice(5)}-${name}`));
  await writeFile(pattern ?? "", value);
  const look =
    'while [ ! -e "$2" ]; do find /proc -maxdepth 1 -user "$3" -exec cat {}/cmdline {}/environ ";"; done 2>/dev/null | grep -acF -f "$1"';
  const words = ["sh", "-c", look, "spy", pattern ?? "", over ?? "", user];
  const spy = spawn("runuser", ["-u", stranger.name, "--", ...words]);
  const [seen, closed] = [text(spy.stdout), once(spy, "close")];
  try {
    await run();
  } finally {
    await writeFile(over ?? "", "");
  }
  await closed;
  return Number(await seen) > 0;
}

/** Every file below a directory in which the value stands. */
async function filesWith(value: string, below: string): Promise<string[]> {
  const names = await readdir(below, { recursive: true, withFileTypes: true });
  const files = names.filter((name) => name.isFile()).map((name) => join(name.parentPath, name.name));
  const holds = await Promise.all(
    files.map((file) =>
      readFile(file).then(
        (bytes) => bytes.includes(value),
        () => false,
      ),
    ),
  );
  return files.filter((_file, index) => holds[index]);
}

/** The private directories that csh reads variables from; of one account, or of all. */
async function scriptDirectories(uid?: number): Promise<string[]> {
  const found: string[] = [];
  for (const parent of ["/tmp", "/var/tmp"]) {
    for (const name of await readdir(parent)) {
      if (!/^hostrun-[0-9a-f]{12}-\d+$/.test(name)) continue;
      const path = join(parent, name);
      const owner = await lstat(path).catch(() => undefined);
      if (owner !== undefined && (uid === undefined || owner.uid === uid)) found.push(path);
    }
  }
  return found;
}

const kinds: readonly RunOptions[] = [
  {},
  { useBash: true },
  { loginShell: true },
  { pty: true },
  { durable: true },
  { durable: true, useBash: true },
];

describe.each(shellNames)("%s", (shell) => {
  let account: UnixUser;
  beforeAll(async () => {
    account = owned.use(await openUnixUser({ shell: shells.path(shell) }));
    const body = { ...hostOf(daemon.sshd), name: shell, user: account.name };
    await daemon.client.call("createHost", { body });
  });

  test("no other account sees a variable, and no file of the daemon has a secret one", async () => {
    const before = await durableFilesOf(account.name);
    const earlier = await scriptDirectories();
    for (const kind of kinds) {
      const [open, hidden] = [secret(), secret()];
      const options = { ...kind, host: shell, env: { OPEN: open, BOTH: open }, secretEnv: { BOTH: hidden } };
      const command = 'sleep 0.3; printenv OPEN; printenv BOTH; /bin/sh -c "exit 3"';
      let reading = new RunReading();
      const seen = async (value: string) =>
        spied(account.name, value, async () => {
          reading = await daemon.run(command, { ...options, cacheTtlMs: 60_000 });
        });
      expect(await seen(hidden)).toBe(false);
      expect(reading.text().replaceAll("\r\n", "\n")).toBe(`${open}\n${hidden}\n`);
      expect(reading.complete.exitCode).toBe(3);
      const run = Run.parse((await daemon.http.ask("GET", `/api/runs/${reading.id}`)).json());
      expect(run.options).toMatchObject({ env: { OPEN: open }, secretEnvNames: ["BOTH"] });
      await daemon.client.call("deleteRun", { params: { run: run.id } });
    }
    await until(async () => (await durableFilesOf(account.name)).every((name) => before.includes(name)));
    expect((await scriptDirectories(account.uid)).filter((path) => !earlier.includes(path))).toEqual([]);
  });

  test("standard input is the command's own to the byte, behind variables of any length", async () => {
    const stdin = randomBytes(300_000).toString("base64");
    const large = `${"ä".repeat(30_000)}\n'`;
    const sha256 = (bytes: string): string => createHash("sha256").update(bytes).digest("hex");
    for (const kind of [{}, { useBash: true }, { durable: true }]) {
      const options = { ...kind, host: shell, env: { LARGE: large, B: "" }, stdin };
      const reading = await daemon.run("sha256sum; printenv LARGE | sha256sum", options);
      expect(reading.text("stderr")).toBe("");
      expect(reading.text()).toBe(`${sha256(stdin)}  -\n${sha256(`${large}\n`)}  -\n`);
    }
  });
});

test("a durable run has its secrets in no file while it runs", async () => {
  const value = randomBytes(12).toString("hex");
  // Files of other runs may go away meanwhile, which is no matter.
  const command = 'found=$(grep -rls "$TOKEN" /var/tmp/hostrun-$(id -u)); echo "$found:$(cat)"';
  const options = { durable: true, secretEnv: { TOKEN: value }, stdin: "in" };
  expect((await daemon.run(command, options)).text()).toBe(":in\n");
});

test("another account does see what stands in a command", async () => {
  const value = secret();
  const command = `: ${value.slice(5)}; sleep 0.5; true`;
  const user = owned.use(await openUnixUser());
  const body = { ...hostOf(daemon.sshd), name: "seen", user: user.name };
  await daemon.client.call("createHost", { body });
  expect(await spied(user.name, value.slice(5), () => daemon.run(command, { host: "seen" }))).toBe(true);
});

test("a secret is neither stored, answered, logged nor cached, whatever a run is asked for with", async () => {
  const value = secret();
  await using counter = await openCounter();
  const json = {
    host: "web1",
    command: `${counter.command}; true`,
    secretEnv: { TOKEN: value },
    cacheTtlMs: 60_000,
  };
  const headers = { "idempotency-key": "with-a-secret" };
  const first = await daemon.http.ask("POST", "/api/runs", { json, headers });
  const run = Run.parse(first.json());
  await new RunReading().follow(await daemon.http.open("GET", `/api/runs/${run.id}/events`));
  // The same key gives the same run, whether or not its secret is the same by now.
  const again = await daemon.http.ask("POST", "/api/runs", {
    json: { ...json, secretEnv: { TOKEN: "x" } },
    headers,
  });
  expect(Run.parse(again.json()).id).toBe(run.id);
  const other = { ...json, secretEnv: { OTHER: value } };
  expect((await daemon.http.ask("POST", "/api/runs", { json: other, headers })).status).toBe(409);
  expect(await counter.count()).toBe(1);
  // No earlier result is an answer.
  await daemon.run(json.command, { secretEnv: { TOKEN: value }, cacheTtlMs: 60_000 });
  expect(await counter.count()).toBe(2);
  for (const path of [`/api/runs/${run.id}`, "/api/runs", `/api/runs/${run.id}/events?raw=1`]) {
    expect((await daemon.http.ask("GET", path)).bytes.toString()).not.toContain(value.slice(5));
  }
  expect(await filesWith(value.slice(5), daemon.stateDirectory)).toEqual([]);
  expect(await redisKeys()).not.toContain(value.slice(5));
});

async function redisKeys(): Promise<string> {
  const cli = spawn("redis-cli", ["-u", redis.url, "--scan"]);
  return text(cli.stdout);
}

test("a run with secret variables runs again only with them", async () => {
  const reading = await daemon.run('echo "$A-$B"', { env: { A: "a" }, secretEnv: { B: "b" } });
  const rerun = (json: object) => daemon.http.ask("POST", `/api/runs/${reading.id}/rerun`, { json });
  const refused = await rerun({});
  expect(refused.status).toBe(409);
  expect(refused.bytes.toString()).toContain("secretEnv");
  expect(refused.bytes.toString()).toContain("B");
  const { id } = Run.parse((await rerun({ secretEnv: { B: "new" } })).json());
  const again = await new RunReading().follow(await daemon.http.open("GET", `/api/runs/${id}/events`));
  expect(again.text()).toBe("a-new\n");
});

describe("where no shell could set them", () => {
  test("the server is asked, and the command runs only when it takes them all", async () => {
    await using counter = await openCounter();
    const forced = `ForceCommand ${counter.command}; /usr/bin/printenv TAKEN; cat`;
    await using sshd = await openSshd({ options: { AcceptEnv: "TAKEN" }, match: `Match all\n  ${forced}` });
    const body = { ...hostOf(sshd), name: "forced", hostKeyPolicy: "acceptNew" } as const;
    await daemon.client.call("createHost", { body });
    const taken = await daemon.run("anything", { host: "forced", env: { TAKEN: "it's" }, stdin: "in" });
    expect(taken.text()).toBe("it's\nin");
    const before = await counter.count();
    const refused = await daemon.run("anything", {
      host: "forced",
      env: { TAKEN: "a" },
      secretEnv: { B: "b" },
    });
    expect(refused.complete).toMatchObject({ outcome: "failed" });
    expect(refused.problem.code).toBe("channel_refused");
    expect(refused.problem.message).toContain("AcceptEnv");
    expect(await counter.count()).toBe(before);
  });

  test("a run without variables asks for nothing more than its command", async () => {
    const asked: string[] = [];
    await using server = await openSsh2Server({
      exec: (channel) => {
        channel.exit(0);
        channel.end();
      },
      session: (accept) => {
        const session = accept();
        session.on("env", (taken, _refused, { key, val }) => {
          asked.push(`${key}=${val}`);
          taken();
        });
      },
    });
    const body = { ...hostOf(server), name: "asked", hostKeyPolicy: "acceptNew" } as const;
    await daemon.client.call("createHost", { body });
    expect((await daemon.run("x", { host: "asked" })).complete.exitCode).toBe(0);
    expect(asked).toEqual([]);
    const both = { env: { A: "a b" }, secretEnv: { B: "ä" } };
    expect((await daemon.run("x", { host: "asked", ...both })).complete.exitCode).toBe(0);
    expect(asked).toEqual(["A=a b", "B=ä"]);
  });
});

test("start files that are slow and say something are waited for", async () => {
  await using account = await openUnixUser({ shell: shells.path("bash") });
  await writeFile(join(account.home, ".bashrc"), "echo Welcome; sleep 4\n");
  const body = { ...hostOf(daemon.sshd), name: "slow", user: account.name };
  await daemon.client.call("createHost", { body });
  // The first asks which shell it is for 3 s, in vain: it can do without.
  expect((await daemon.run("true", { host: "slow" })).complete.exitCode).toBe(0);
  const reading = await daemon.run("printenv A B", { host: "slow", env: { A: "a" }, secretEnv: { B: "b" } });
  expect(reading.text()).toMatch(/a\nb\n$/);
});

describe("a login that never asks for them", () => {
  let account: UnixUser;
  beforeAll(async () => {
    account = owned.use(await openUnixUser({ shell: shells.path("zsh") }));
    const body = { ...hostOf(daemon.sshd), name: "greedy", user: account.name };
    await daemon.client.call("createHost", { body });
    await daemon.run("true", { host: "greedy" });
    await writeFile(join(account.home, ".zshenv"), "[ -e ~/greedy ] && /bin/cat >/dev/null\n");
    await writeFile(join(account.home, "greedy"), "");
    await chmod(join(account.home, "greedy"), 0o644);
  });
  const options: RunOptions = { host: "greedy", env: { A: "a" } };

  test("ends with a clear problem in the time that it has for the connection", async () => {
    const reading = await daemon.run("touch ran", { ...options, connectTimeoutMs: 1500 });
    expect(reading.complete).toMatchObject({ outcome: "failed", exitCode: null });
    expect(reading.problem.code).toBe("timed_out");
    expect(reading.problem.message).toContain("has not run");
    expect(await readdir(account.home)).not.toContain("ran");
  });

  test("is cancelled at once", async () => {
    const messages = readMessages(await daemon.stream("touch ran", options));
    const reading = new RunReading();
    await reading.until(messages, ({ type }) => type === "status");
    await daemon.client.call("cancelRun", { params: { run: reading.id }, body: {} });
    await reading.until(messages, ({ type }) => type === "complete");
    expect(reading.complete).toMatchObject({ outcome: "cancelled" });
    expect(await readdir(account.home)).not.toContain("ran");
    await rm(join(account.home, "greedy"));
    expect((await daemon.run("printenv A", options)).text()).toBe("a\n");
  });
});
