import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { askingHosts, openAskingHosts } from "../support/asking-hosts.ts";
import { openTestDaemon, type TestDaemon } from "../support/daemon.ts";
import { openDirectory } from "../support/directory.ts";
import { knowHosts } from "../support/hosted-daemon.ts";
import { openPasswordUser } from "../support/password-user.ts";
import { openSshd } from "../support/sshd.ts";

/** The five lines of docs/api.md. */
async function exampleLines(): Promise<string[]> {
  const page = await readFile(join(import.meta.dirname, "../../docs/api.md"), "utf8");
  const example = /```sh\n(call\(\)[^`]+)```/.exec(page)?.[1] ?? "";
  return example.trim().split("\n");
}

async function bash(script: string, daemon: TestDaemon, variables: Record<string, string>): Promise<string> {
  const env = { PATH: process.env["PATH"], HOSTRUN_HOME: daemon.stateDirectory, ...variables };
  const { stdout } = await promisify(execFile)("bash", ["-c", script], { env });
  return stdout;
}

test("the password login by curl in docs/api.md works as it stands", async () => {
  const password = `it's "a" $(secret) \\n`;
  await using user = await openPasswordUser(password);
  await using sshd = await openSshd({ options: { PasswordAuthentication: "yes" } });
  await using directory = await openDirectory();
  await knowHosts(directory.path, sshd.knownHosts);
  await using daemon = await openTestDaemon({ home: directory.path });
  const lines = await exampleLines();
  expect(lines).toHaveLength(5);
  const script = lines
    .join("\n")
    .replace("deploy@10.0.0.5:22", `${user.name}@${sshd.address}:${sshd.port}`)
    .replace('"uptime"', '"whoami"');
  expect(await bash(script, daemon, { PASSWORD: password })).toBe(`${user.name}\n`);
});

test("every host that asks is logged in to by curl, question by question", async () => {
  await using directory = await openDirectory();
  const secrets = { password: "correct horse", passphrase: "open sesame" };
  await using hosts = await openAskingHosts(directory.path, secrets);
  await using daemon = await openTestDaemon({ home: directory.path });
  const [call = ""] = await exampleLines();
  const script = `${call}
    RUN=$(jq -n '{host: env.TARGET, command: "whoami", prompts: "ask"}' | call runs -d @- | jq -r .id)
    while read -r ANSWER; do
      PROMPT=$(until call prompts | jq -er --arg last "$PROMPT" '.items[] | select(.id != $last) | .id'; do sleep 0.1; done)
      jq -R '{answers: [.]}' <<<"$ANSWER" | call "prompts/$PROMPT" -d @-
    done <<<"$ANSWERS"
    call "runs/$RUN/events" -N | sed -n 's/^data: //p' | jq -rj 'select(.type == "output").data'`;
  for (const host of askingHosts) {
    const ANSWERS = hosts.questions[host].map(({ answer }) => answer()).join("\n");
    expect(await bash(script, daemon, { TARGET: host, ANSWERS }), host).toBe(`${hosts.user}\n`);
  }
});
