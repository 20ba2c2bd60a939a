import { expect, test } from "vitest";
import { openCli } from "../support/cli.ts";
import { openSshd } from "../support/sshd.ts";

test("what a connection agreed on is shown, and a host that may use legacy algorithms says so", async () => {
  await using sshd = await openSshd({ options: { Ciphers: "aes256-ctr", MACs: "hmac-sha2-512" } });
  await using cli = await openCli(sshd);
  const none = await cli.run(["hosts", "show", "web1", "--connection"]);
  expect([none.status, none.stdout.toString()]).toEqual([0, ""]);
  expect(none.stderr.toString()).toContain("No connection to web1 is open");
  await cli.run(["run", "web1", "--", "true"]);
  const shown = await cli.run(["hosts", "show", "web1", "--connection"]);
  const lines = shown.stdout
    .toString()
    .split("\n")
    .map((line) => line.split(/ {2,}/));
  expect(Object.fromEntries(lines)).toMatchObject({
    Transport: "ssh2",
    "Key exchange": "curve25519-sha256",
    Cipher: "aes256-ctr",
    MAC: "hmac-sha2-512",
    "Host key": `ssh-ed25519 ${sshd.hostKeys[0]?.fingerprint}`,
  });
  await cli.run(["hosts", "edit", "web1", "--legacy-algorithms"]);
  expect((await cli.run(["hosts", "show", "web1"])).stdout.toString()).toContain("legacy ones allowed");
  await cli.run(["hosts", "edit", "web1", "--no-legacy-algorithms", "--worker", "off"]);
  const after = (await cli.run(["hosts", "show", "web1"])).stdout.toString();
  expect(after).not.toContain("legacy");
  expect(after).toMatch(/^Worker +off$/m);
});
