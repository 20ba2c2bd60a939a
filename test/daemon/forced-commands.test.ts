import { describe, expect, test } from "vitest";
import { openCounter } from "../support/counter.ts";
import { readAll } from "../support/http.ts";
import { hostOf, knowHosts, openHostedDaemon } from "../support/hosted-daemon.ts";
import { openSsh2Server } from "../support/ssh2-server.ts";

describe("a forced command that nothing reports", () => {
  test.each([
    ["exit 0", { exitCode: 0 }],
    ["exit 1", { exitCode: 1 }],
    ["exit 126", { exitCode: 126 }],
    ["echo no >&2; exit 127", { exitCode: 127 }],
    ["echo done", { exitCode: 0 }],
    ["kill -9 $$", { signal: "KILL" }],
  ])("%s runs once for each run", async (ending, expected) => {
    await using counter = await openCounter();
    await using daemon = await openHostedDaemon({
      sshd: { match: `Match all\n  ForceCommand ${counter.command}; ${ending}` },
    });
    for (const count of [1, 2]) {
      expect((await daemon.run("uptime")).complete).toMatchObject(expected);
      expect(await counter.count()).toBe(count);
    }
  });

  test("runs once for a job and for each run that may use a worker, and gets the command as it is", async () => {
    await using counter = await openCounter();
    const forced = `${counter.command}; printf '%s' "$SSH_ORIGINAL_COMMAND" >&2; exit 3`;
    await using daemon = await openHostedDaemon({ sshd: { match: `Match all\n  ForceCommand ${forced}` } });
    const json = { targets: ["web1"], command: "release 6" };
    const headers = { accept: "text/event-stream" };
    const job = await readAll(await daemon.http.open("POST", "/api/jobs", { json, headers }));
    expect(job.toString()).toContain('"exitCode":3');
    expect(await counter.count()).toBe(1);
    for (const count of [2, 3, 4]) {
      const reading = await daemon.run("release 7", { worker: "auto" });
      expect(reading.complete).toMatchObject({ exitCode: 3 });
      expect(reading.text("stderr")).toBe("release 7");
      expect(await counter.count()).toBe(count);
    }
  });
});

test("a server that closes the connection at the long query runs the command on the next one", async () => {
  const commands: string[] = [];
  // ssh2's server accepts packets of 35,000 bytes, as RFC 4253 requires, and no longer ones.
  await using server = await openSsh2Server({
    ident: "OpenSSH_9.9",
    exec: (channel, command) => {
      commands.push(command);
      channel.exit(0);
      channel.end();
    },
  });
  await using own = await openHostedDaemon({ host: hostOf(server) });
  await knowHosts(own.home, server.knownHosts);
  for (const _ of [1, 2]) expect((await own.run("show")).complete).toMatchObject({ exitCode: 0 });
  expect(commands).toEqual(["show", "show"]);
});
