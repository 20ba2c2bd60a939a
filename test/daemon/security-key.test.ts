import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import type { RunEvent } from "../../protocol/event.ts";
import { openTestDaemon } from "../support/daemon.ts";
import { openDirectory } from "../support/directory.ts";
import { knowHosts } from "../support/hosted-daemon.ts";
import { matching } from "../support/matching.ts";
import { readMessages, RunReading } from "../support/run-stream.ts";
import { makeSecurityKey } from "../support/security-key.ts";
import { openSshd } from "../support/sshd.ts";

test("a FIDO security key logs in by the system's ssh, and the run says that it is to be touched", async () => {
  await using directory = await openDirectory();
  const key = await makeSecurityKey(directory.path);
  await using sshd = await openSshd({ authorizedKeys: [key.publicKey] });
  const home = directory.join("home");
  await knowHosts(home, sshd.knownHosts);
  const { address, port, user } = sshd;
  const lines = [
    `HostName ${address}`,
    `Port ${port}`,
    `User ${user}`,
    `IdentityFile ${key.identityFile}`,
    "IdentitiesOnly yes",
    `SecurityKeyProvider ${key.provider}`,
  ];
  await writeFile(`${home}/.ssh/config`, `Host fido\n  ${lines.join("\n  ")}\n`);
  await using daemon = await openTestDaemon({ home });
  const stream = (json: object) => daemon.http.open("POST", "/api/ssh/stream", { json });
  const run = { host: "fido", command: "echo in; exit 3" };
  const messages = readMessages(await stream({ ...run, connectTimeoutMs: 120_000 }));
  const reading = new RunReading();
  const told = (event: RunEvent): boolean => event.type === "status" && event.banner !== undefined;
  expect(await reading.until(messages, told)).toMatchObject({
    message: "Touch the security key for fido",
    banner: matching(/^Confirm user presence for key ED25519-SK SHA256:/),
  });
  // It waits for the same login.
  const late = await new RunReading().follow(await stream({ ...run, connectTimeoutMs: 500 }));
  expect(late.problem).toMatchObject({ code: "timed_out", message: matching(/waiting for a security key/) });
  await key.touch();
  await reading.until(messages, ({ type }) => type === "complete");
  expect(reading.text()).toBe("in\n");
  expect(reading.complete).toMatchObject({ outcome: "exited", exitCode: 3 });
  const { items } = await daemon.client.call("listConnections", {});
  expect(items).toMatchObject([{ host: "fido", transport: "openssh" }]);
});
