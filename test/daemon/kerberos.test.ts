import { writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { expect, test, vi } from "vitest";
import { openTestDaemon } from "../support/daemon.ts";
import { openDirectory } from "../support/directory.ts";
import { knowHosts } from "../support/hosted-daemon.ts";
import { openKerberos } from "../support/kerberos.ts";
import { RunReading } from "../support/run-stream.ts";
import { openSshd } from "../support/sshd.ts";

test("a Kerberos ticket logs in by the system's ssh, without a key and a question", async () => {
  const { username } = userInfo();
  await using kerberos = await openKerberos(username);
  for (const [name, value] of Object.entries(kerberos.server)) vi.stubEnv(name, value);
  await using sshd = await openSshd({
    options: { GSSAPIAuthentication: "yes", GSSAPIStrictAcceptorCheck: "no", PubkeyAuthentication: "no" },
  });
  vi.unstubAllEnvs();
  await using directory = await openDirectory();
  const home = directory.join("home");
  await knowHosts(home, sshd.knownHosts.replaceAll("127.0.0.1", "localhost"));
  const lines = ["HostName localhost", `Port ${sshd.port}`, `User ${username}`, "GSSAPIAuthentication yes"];
  await writeFile(`${home}/.ssh/config`, `Host realm\n  ${lines.join("\n  ")}\n`);
  await using daemon = await openTestDaemon({ home, environment: kerberos.client });
  const json = { host: "realm", command: "echo in; exit 3" };
  const reading = await new RunReading().follow(await daemon.http.open("POST", "/api/ssh/stream", { json }));
  expect(reading.text()).toBe("in\n");
  expect(reading.complete).toMatchObject({ outcome: "exited", exitCode: 3 });
  const { items } = await daemon.client.call("listConnections", {});
  expect(items).toMatchObject([{ host: "realm", transport: "openssh" }]);
});
