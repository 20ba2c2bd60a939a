import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { finish, openCli, seen } from "../support/cli.ts";
import { openDirectory } from "../support/directory.ts";
import { openSshd } from "../support/sshd.ts";
import { openTcpPeer } from "../support/tcp-peer.ts";

test("a server's banner goes to standard error at the login, and not again on a warm connection", async () => {
  await using directory = await openDirectory();
  await writeFile(
    directory.join("banner"),
    "Authorized use only\n\tesc \u001b[31m, café\nhostrun: forged\n\n",
  );
  await using sshd = await openSshd({ options: { Banner: directory.join("banner") } });
  await using cli = await openCli(sshd);
  const shown = "Authorized use only\n    esc \\e[31m, café\n| hostrun: forged\n";
  const first = await cli.run(["run", "web1", "echo out"]);
  expect([first.status, first.stdout.toString(), first.stderr.toString()]).toEqual([0, "out\n", shown]);
  const second = await cli.run(["run", "web1", "echo out"]);
  expect(second.stderr.toString()).toBe("");
  await cli.run(["restart"]);
  const quiet = await cli.run(["run", "-q", "web1", "echo out"]);
  expect([quiet.stdout.toString(), quiet.stderr.toString()]).toEqual(["out\n", ""]);
  await cli.run(["restart"]);
  const json = await cli.run(["run", "--json", "web1", "true"]);
  expect(json.stderr.toString()).toBe("");
  expect(json.stdout.toString()).toContain("Authorized use only\\n");
  await cli.run(["restart"]);
  const durable = await cli.run(["run", "--durable", "web1", "echo out"]);
  expect([durable.stdout.toString(), durable.stderr.toString()]).toEqual(["out\n", shown]);
});

test("a server with too many logins is told as that, and tried again until it takes one", async () => {
  await using sshd = await openSshd({ options: { MaxStartups: 1, LoginGraceTime: 600 } });
  await using cli = await openCli(sshd);
  const held = connect(sshd.port, sshd.address);
  await once(held, "data");
  const late = await cli.run(["run", "--connect-timeout", "2s", "web1", "true"]);
  expect(late.status).toBe(255);
  expect(late.stderr.toString()).toMatch(
    /^hostrun: web1 \(.*since it accepts no more logins at once \(MaxStartups\)/,
  );
  const child = cli.start(["run", "-n", "-v", "--connect-timeout", "60s", "web1", "echo in"]);
  const ended = finish(child);
  await seen(child.stderr, "web1 accepts no more logins at once (MaxStartups); trying again");
  held.destroy();
  const { status, stdout } = await ended;
  expect([status, stdout.toString()]).toEqual([0, "in\n"]);
});

test("a server that closes before its greeting is tried again, and not for ever", async () => {
  await using peer = await openTcpPeer((socket) => socket.end());
  await using cli = await openCli();
  await cli.run(["hosts", "add", "shut", `root@${peer.address}:${peer.port}`]);
  const { status, stderr } = await cli.run(["run", "shut", "true"]);
  expect(status).toBe(255);
  expect(stderr.toString()).toMatch(
    /^hostrun: Can't reach shut: .*closed the connection before the login was complete.*MaxStartups.*\n$/,
  );
  expect(peer.accepted()).toBe(3);
});

test("an address that a server refuses for a while is told as that, at once", async () => {
  await using peer = await openTcpPeer((socket) => socket.end("Not allowed at this time\r\n"));
  await using cli = await openCli();
  await cli.run(["hosts", "add", "shut", `root@${peer.address}:${peer.port}`]);
  const { stderr } = await cli.run(["run", "shut", "true"]);
  expect(stderr.toString()).toMatch(/^hostrun: Can't reach shut: .*PerSourcePenalties.*\n$/);
  expect(peer.accepted()).toBe(1);
});
