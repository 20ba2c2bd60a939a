import { afterAll, beforeEach, expect, test } from "vitest";
import { openTestDaemon } from "../support/daemon.ts";
import { openDirectory } from "../support/directory.ts";
import { knowHosts, openStream } from "../support/hosted-daemon.ts";
import { problemOf } from "../support/http.ts";
import { openPasswordUser } from "../support/password-user.ts";
import { readMessages, RunReading } from "../support/run-stream.ts";
import { openSshd } from "../support/sshd.ts";

const password = "correct horse";
await using stack = new AsyncDisposableStack();
const user = stack.use(await openPasswordUser(password));
const sshd = stack.use(
  await openSshd({ options: { PasswordAuthentication: "yes", PubkeyAuthentication: "no" } }),
);
const directory = stack.use(await openDirectory());
await knowHosts(directory.path, sshd.knownHosts);
const daemon = stack.use(await openTestDaemon({ home: directory.path, flags: ["--pool-idle-ms=0"] }));
const owned = stack.move();
afterAll(() => owned.disposeAsync());

const { address, port } = sshd;
const params = { host: "web1" };
const login = () => daemon.client.call("testHost", { params, body: {} });
const keep = (secret = password) => daemon.client.call("keepSecrets", { params, body: { password: secret } });

beforeEach(async () => {
  await daemon.client.call("deleteHost", { params }).catch(() => undefined);
  await daemon.client.call("createHost", { body: { name: "web1", address, port, user: user.name } });
});

test("a password that is kept logs in, until it is forgotten", async () => {
  await keep();
  expect(await login()).toMatchObject({ ok: true });
  await daemon.client.call("forgetSecrets", { params });
  expect((await problemOf(login())).code).toBe("authentication_failed");
});

test("a connection that was made with a password takes no run any more when that is forgotten", async () => {
  await using warm = await openTestDaemon({ home: directory.path });
  await warm.client.call("createHost", { body: { name: "web1", address, port, user: user.name } });
  await warm.client.call("keepSecrets", { params, body: { password } });
  const opened = async () => (await warm.client.call("listConnections")).items.length;
  const run = async (command: string) =>
    new RunReading().follow(await openStream(warm, command, { host: "web1" }));
  expect((await run("echo in")).text()).toBe("in\n");
  expect(await opened()).toBe(1);
  await warm.client.call("forgetSecrets", { params });
  expect(await opened()).toBe(0);
  expect((await run("true")).problem.code).toBe("authentication_failed");

  await warm.client.call("keepSecrets", { params, body: { password } });
  const messages = readMessages(
    await openStream(warm, "echo begun; read line; echo $line", { stdinOpen: true }),
  );
  const running = new RunReading();
  await running.until(messages, ({ type }) => type === "output");
  await warm.client.call("forgetSecrets", { params });
  expect((await run("true")).problem.code).toBe("authentication_failed");
  await warm.client.call("runStdin", { params: { run: running.id }, body: { data: "on\n", end: true } });
  await running.until(messages, ({ type }) => type === "complete");
  expect(running.text()).toBe("begun\non\n");
  await expect.poll(opened).toBe(0);
});

test("a change of how the host is reached forgets it, another one does not", async () => {
  await keep();
  await daemon.client.call("updateHost", { params, body: { tags: ["x"] } });
  expect(await login()).toMatchObject({ ok: true });
  await daemon.client.call("updateHost", { params, body: { user: "nobody" } });
  await daemon.client.call("updateHost", { params, body: { user: user.name } });
  expect((await problemOf(login())).code).toBe("authentication_failed");
});

test("a host that is removed has no password when it is there again", async () => {
  await keep();
  await daemon.client.call("deleteHost", { params });
  await daemon.client.call("createHost", { body: { name: "web1", address, port, user: user.name } });
  expect((await problemOf(login())).code).toBe("authentication_failed");
});

test("one that the server refuses is sent once", async () => {
  await keep("wrong");
  const before = sshd.log().match(/Failed password/g)?.length ?? 0;
  expect((await problemOf(login())).code).toBe("authentication_failed");
  expect((await problemOf(login())).code).toBe("authentication_failed");
  expect(sshd.log().match(/Failed password/g)).toHaveLength(before + 1);
});

test("a password of nothing and an unknown field are refused, and their values not told", async () => {
  for (const json of [{}, { password: "" }, { password: "canary", secret: "canary" }, { password: 7 }]) {
    const answer = await daemon.http.ask("POST", "/api/hosts/web1/secrets", { json });
    expect(answer.problem().code).toBe("invalid_request");
    expect(answer.bytes.toString()).not.toContain("canary");
  }
});
