import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { openTestDaemon } from "../support/daemon.ts";
import { openDirectory } from "../support/directory.ts";
import { knowHosts } from "../support/hosted-daemon.ts";
import { openPasswordUser } from "../support/password-user.ts";
import { openSshd } from "../support/sshd.ts";

test("the password login by curl in docs/api.md works as it stands", async () => {
  const password = `it's "a" $(secret) \\n`;
  await using user = await openPasswordUser(password);
  await using sshd = await openSshd({ options: { PasswordAuthentication: "yes" } });
  await using directory = await openDirectory();
  await knowHosts(directory.path, sshd.knownHosts);
  await using daemon = await openTestDaemon({ home: directory.path });
  const page = await readFile(join(import.meta.dirname, "../../docs/api.md"), "utf8");
  const example = /```sh\n(call\(\)[^`]+)```/.exec(page)?.[1] ?? "";
  expect(example.trim().split("\n")).toHaveLength(5);
  const script = example
    .replace("deploy@10.0.0.5:22", `${user.name}@${sshd.address}:${sshd.port}`)
    .replace('"uptime"', '"whoami"');
  const environment = {
    PATH: process.env["PATH"],
    HOSTRUN_HOME: daemon.stateDirectory,
    PASSWORD: password,
  };
  const { stdout } = await promisify(execFile)("bash", ["-c", script], { env: environment });
  expect(stdout).toBe(`${user.name}\n`);
});
