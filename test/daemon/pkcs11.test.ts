import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestDaemon, type TestDaemon } from "../support/daemon.ts";
import { openDirectory } from "../support/directory.ts";
import { knowHosts } from "../support/hosted-daemon.ts";
import { matching } from "../support/matching.ts";
import { readMessages, RunReading } from "../support/run-stream.ts";
import { openSshd } from "../support/sshd.ts";

const execute = promisify(execFile);
const provider = "/usr/lib/softhsm/libsofthsm2.so";
const pin = "4711-card";

const owned = new AsyncDisposableStack();
let daemon: TestDaemon;
afterAll(() => owned.disposeAsync());

/** A token in software, as a smart card is one, with the key that the server knows. */
beforeAll(async () => {
  const directory = owned.use(await openDirectory());
  const environment = { SOFTHSM2_CONF: directory.join("softhsm2.conf") };
  const env = { ...process.env, ...environment };
  await mkdir(directory.join("tokens"));
  await writeFile(environment.SOFTHSM2_CONF, `directories.tokendir = ${directory.join("tokens")}\n`);
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  await writeFile(directory.join("key.pem"), privateKey, { mode: 0o600 });
  const token = ["--token", "card", "--pin", pin];
  const create = ["--init-token", "--free", "--label", "card", "--so-pin", "1234", "--pin", pin];
  await execute("softhsm2-util", create, { env });
  await execute(
    "softhsm2-util",
    ["--import", directory.join("key.pem"), ...token, "--label", "login", "--id", "01"],
    { env },
  );
  const { stdout: publicKey } = await execute("ssh-keygen", ["-D", provider], { env });
  const sshd = owned.use(await openSshd({ authorizedKeys: [publicKey.trim()] }));
  const home = directory.join("home");
  await knowHosts(home, sshd.knownHosts);
  const { address, port, user } = sshd;
  const lines = [`HostName ${address}`, `Port ${port}`, `User ${user}`, `PKCS11Provider ${provider}`];
  await writeFile(`${home}/.ssh/config`, `Host card\n  ${lines.join("\n  ")}\n`);
  daemon = owned.use(await openTestDaemon({ home, environment }));
});

test("a key of a PKCS#11 token logs in by the system's ssh, once its PIN was given", async () => {
  const json = { host: "card", command: "echo in; exit 3", prompts: "ask" };
  const messages = readMessages(await daemon.http.open("POST", "/api/ssh/stream", { json }));
  const reading = new RunReading();
  await reading.until(messages, ({ type }) => type === "prompt");
  const { items } = await daemon.client.call("listPrompts", {});
  expect(items).toMatchObject([{ host: "card", fields: [{ label: matching(/PIN/), echo: false }] }]);
  const [prompt] = items;
  await daemon.client.call("answerPrompt", {
    params: { prompt: prompt?.id ?? "" },
    body: { answers: [pin], remember: "no" },
  });
  await reading.until(messages, ({ type }) => type === "complete");
  expect(reading.text()).toBe("in\n");
  expect(reading.complete).toMatchObject({ outcome: "exited", exitCode: 3 });
  const { items: connections } = await daemon.client.call("listConnections", {});
  expect(connections).toMatchObject([{ host: "card", transport: "openssh" }]);
});

test("without a person the run fails at once and says where the PIN can be given", async () => {
  for (const { id } of (await daemon.client.call("listConnections", {})).items) {
    await daemon.client.call("closeConnection", { params: { connection: id } });
  }
  const json = { host: "card", command: "true" };
  const reading = await new RunReading().follow(await daemon.http.open("POST", "/api/ssh/stream", { json }));
  expect(reading.complete.outcome).toBe("failed");
  expect(reading.problem).toMatchObject({ code: "authentication_failed" });
  expect(reading.problem.message).toContain("by a PIN, on a terminal or in the editor only");
});
