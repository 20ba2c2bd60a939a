import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Cli, openCli } from "../support/cli.ts";

/** `hostrun` with a config.json that is there before its first daemon. */
async function openWith(config: unknown): Promise<Cli> {
  const cli = await openCli();
  await mkdir(cli.stateDirectory, { recursive: true, mode: 0o700 });
  await writeFile(join(cli.stateDirectory, "config.json"), JSON.stringify(config), { mode: 0o600 });
  return cli;
}

async function configOf({ stateDirectory }: Cli): Promise<unknown> {
  return JSON.parse(await readFile(join(stateDirectory, "config.json"), "utf8"));
}

/** Something else that listens on a port of this machine. */
async function openOther(): Promise<{ readonly address: string } & Pick<Server, typeof Symbol.asyncDispose>> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const at = server.address();
  const port = at !== null && typeof at === "object" ? at.port : 0;
  return { address: `127.0.0.1:${port}`, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

test("a setting of a newer version keeps the daemon from starting, and the command that is told takes it out", async () => {
  await using cli = await openWith({ futureSetting: 1, poolIdleMs: 1000 });
  const refused = await cli.run(["hosts"]);
  expect(refused.status).toBe(1);
  expect(String(refused.stderr)).toContain(
    "futureSetting: is not known here. `hostrun config unset futureSetting` takes it out.",
  );
  const taken = await cli.run(["config", "unset", "futureSetting"]);
  expect([taken.status, String(taken.stderr)]).toEqual([0, ""]);
  expect(await configOf(cli)).toEqual({ poolIdleMs: 1000 });
  expect(String((await cli.run(["config", "get", "poolIdleMs"])).stdout)).toBe("1000\n");
  // It is gone: the name is as unknown as any other.
  expect((await cli.run(["config", "unset", "futureSetting"])).status).toBe(2);
});

test("settings are changed beside others that no daemon takes, until one starts", async () => {
  await using cli = await openWith({ logLevel: "loud", other: 1 });
  const first = await cli.run(["config", "set", "logLevel", "info"]);
  expect([first.status, String(first.stdout)]).toEqual([0, expect.stringMatching(/^logLevel is info in /)]);
  expect(String(first.stderr)).toContain("still cannot start");
  expect(String(first.stderr)).toContain("other: is not known here");
  expect((await cli.run(["config", "set", "logLevel", "louder"])).status).toBe(2);
  expect(await configOf(cli)).toEqual({ other: 1, logLevel: "info" });
  expect((await cli.run(["config", "unset", "other"])).status).toBe(0);
  expect(String((await cli.run(["config", "unset", "logLevel"])).stdout)).toMatch(
    /^logLevel is .* \(default\)/,
  );
  expect(await configOf(cli)).toEqual({});
});

test("an address to listen on is used from the next start on, which is told", async () => {
  await using cli = await openCli();
  const told = "The daemon listens there from its next start on (`hostrun restart`).\n";
  const set = await cli.run(["config", "set", "listen", "127.0.0.1:0"]);
  expect(String(set.stdout)).toBe(`listen is 127.0.0.1:0 (config).\n${told}`);
  expect(String((await cli.run(["status"])).stdout)).not.toContain("http://127.0.0.1:");
  await cli.run(["restart"]);
  expect(String((await cli.run(["status"])).stdout)).toContain("http://127.0.0.1:");
  expect(String((await cli.run(["config", "set", "poolIdleMs", "1000"])).stdout)).not.toContain(told);
  const again = await cli.run(["config", "set", "listen", "127.0.0.1:0"]);
  expect(String(again.stdout)).toBe("listen is 127.0.0.1:0 (config).\nThe daemon listens there already.\n");
  // The daemon that runs does not stop listening.
  const unset = await cli.run(["config", "unset", "listen"]);
  expect(String(unset.stdout)).toMatch(
    /^listen is null \(default\)\.\nThe daemon listens on 127\.0\.0\.1:\d+ until it is restarted \(`hostrun restart`\)\.\n$/,
  );
  await cli.run(["restart"]);
  expect(String((await cli.run(["status"])).stdout)).not.toContain("http://127.0.0.1:");
  const nothing = await cli.run(["config", "unset", "listen"]);
  expect(String(nothing.stdout)).toBe("listen is null (default).\n");
});

test("a daemon that was restarted with --no-listen is not on TCP, and what still has an address is named", async () => {
  await using cli = await openWith({ listen: "127.0.0.1:0" });
  const urlOf = async () => /http:\S+/.exec(String((await cli.run(["status"])).stdout))?.[0];
  await cli.run(["start"]);
  expect(await urlOf()).toBeDefined();
  const restarted = await cli.run(["restart", "--no-listen"]);
  expect([restarted.status, String(restarted.stderr)]).toEqual([0, ""]);
  expect(String(restarted.stdout)).toMatch(
    /daemon\.sock\nconfig\.json still has `listen` 127\.0\.0\.1:0, for a daemon that is started without --no-listen\. `hostrun config unset listen` takes it out\.\n$/,
  );
  expect(await urlOf()).toBeUndefined();
  // Like every option, it is kept by the next restart.
  await cli.run(["restart"]);
  expect(await urlOf()).toBeUndefined();
  expect(String((await cli.run(["config", "set", "listen", "[::1]:0"])).stdout)).toContain(
    "listen is null (flag).\nA flag of the daemon takes precedence",
  );
  await cli.run(["stop"]);
  await cli.run(["start"]);
  expect(await urlOf()).toMatch(/^http:\/\/\[::1\]:/);
  await cli.run(["restart", "--no-listen"]);
  expect(String((await cli.run(["config", "unset", "listen"])).stdout)).toBe("listen is null (flag).\n");
  const without = await cli.run(["restart", "--no-listen"]);
  expect(String(without.stdout)).not.toContain("listen");
  const byVariable = await cli.run(["restart", "--no-listen"], { env: { HOSTRUN_LISTEN: "127.0.0.1:0" } });
  expect(String(byVariable.stdout)).toContain("HOSTRUN_LISTEN still is 127.0.0.1:0, for");
  expect(await urlOf()).toBeUndefined();
});

test("a change that the daemon's environment or a flag of it overrides says so", async () => {
  await using cli = await openCli();
  await cli.run(["start", "--listen", "127.0.0.1:0"], { env: { HOSTRUN_POOL_IDLE_MS: "2000" } });
  const byEnvironment = await cli.run(["config", "set", "poolIdleMs", "1000"]);
  expect(String(byEnvironment.stdout)).toBe(
    "poolIdleMs is 2000 (environment).\nThe environment of the daemon takes precedence over config.json.\n",
  );
  const byFlag = await cli.run(["config", "set", "listen", "[::1]:0"]);
  expect(String(byFlag.stdout)).toBe(
    "listen is 127.0.0.1:0 (flag).\nA flag of the daemon takes precedence over config.json. `hostrun stop`, then `hostrun start`, starts it without its flags.\n",
  );
  expect(await configOf(cli)).toEqual({ poolIdleMs: 1000, listen: "[::1]:0" });
});

test("an address that another program has keeps the daemon from starting until it is changed or taken out", async () => {
  await using other = await openOther();
  const { address } = other;
  await using cli = await openWith({ listen: address, poolIdleMs: 1000 });
  const refused = await cli.run(["hosts"]);
  expect(refused.status).toBe(1);
  expect(String(refused.stderr)).toContain(
    `Another program listens on ${address}, which \`listen\` in config.json names. ` +
      "`hostrun config set listen ADDRESS` changes it, and `hostrun config unset listen` takes it out.",
  );
  // Another setting is changed too, but what keeps the daemon from starting is still there.
  const beside = await cli.run(["config", "set", "poolIdleMs", "2000"]);
  expect([beside.status, String(beside.stdout)]).toEqual([
    0,
    expect.stringMatching(/^poolIdleMs is 2000 in /),
  ]);
  expect(String(beside.stderr)).toContain(`still cannot start: Another program listens on ${address}`);
  // What is not in the file cannot be taken out of it.
  const absent = await cli.run(["config", "unset", "keepaliveMs"]);
  expect([absent.status, String(absent.stderr)]).toEqual([1, expect.stringContaining("Another program")]);
  const unset = await cli.run(["config", "unset", "listen"]);
  expect([unset.status, String(unset.stderr)]).toEqual([0, ""]);
  expect(await configOf(cli)).toEqual({ poolIdleMs: 2000 });
  expect((await cli.run(["start"])).status).toBe(0);
  await cli.run(["stop"]);
  await writeFile(join(cli.stateDirectory, "config.json"), JSON.stringify({ listen: address }));
  const set = await cli.run(["config", "set", "listen", "127.0.0.1:0"]);
  expect([set.status, String(set.stderr)]).toEqual([0, ""]);
  expect((await cli.run(["start"])).status).toBe(0);
});

test("a setting that a variable spoils is named with it, and does not keep others from being changed", async () => {
  await using other = await openOther();
  await using cli = await openWith({});
  const taken = await cli.run(["hosts"], { env: { HOSTRUN_LISTEN: other.address } });
  expect(String(taken.stderr)).toContain(
    `listens on ${other.address}, which HOSTRUN_LISTEN names. Change that variable, or unset it.`,
  );
  const env = { HOSTRUN_POOL_IDLE_MS: "long" };
  const set = await cli.run(["config", "set", "keepaliveMs", "1000"], { env });
  expect([set.status, String(set.stdout)]).toEqual([0, expect.stringMatching(/^keepaliveMs is 1000 in /)]);
  expect(String(set.stderr)).toContain(
    "still cannot start: A setting in the environment is not valid. poolIdleMs",
  );
});
