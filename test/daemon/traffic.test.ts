import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { message, sendPacket, watchLogins } from "../support/hostile-wire.ts";
import { openSshPool, targetOf } from "../support/ssh-pool.ts";
import { openSsh2Server } from "../support/ssh2-server.ts";
import { openSshd } from "../support/sshd.ts";

const input = Buffer.alloc(12_345_678);
for (let at = 0; at + 4 <= input.length; at += 4) input.writeUInt32BE(at, at);
const digest = `${createHash("sha256").update(input).digest("hex")}  -\n`;

test.each(["16", "1M"])("a server that changes keys after %s of data is well-behaved", async (limit) => {
  await using sshd = await openSshd({ options: { RekeyLimit: `${limit} none`, LogLevel: "DEBUG1" } });
  await using pool = await openSshPool({ trust: [sshd] });
  const started = await pool.start(targetOf(sshd), "cat");
  started.process.stdin.end(input);
  const { stdout, end } = await started.finished;
  expect([stdout.equals(input), end]).toEqual([true, { kind: "exited", code: 0 }]);
  const rekeys = sshd.log().match(/SSH2_MSG_NEWKEYS received/g)?.length ?? 0;
  console.log(`${limit}: ${rekeys} key exchanges`);
  expect(rekeys).toBeGreaterThan(10);
});

test("a key signs once in a login, however often the server asks for it", async () => {
  const signed: unknown[] = [];
  await using server = await openSsh2Server({
    connected: (connection) =>
      watchLogins(connection, (request) => {
        if (Reflect.has(request, "signature")) signed.push(request);
      }),
    authentication: (context, connection) => {
      if (context.method === "publickey" && context.signature === undefined) {
        const { algo, data } = context.key;
        const asked = Buffer.concat([message(60, algo, data.length), data]);
        for (let count = 0; count < 100; count += 1) sendPacket(connection, asked);
      }
      context.accept();
    },
    exec: (channel) => {
      channel.exit(0);
      channel.end();
    },
  });
  await using pool = await openSshPool({ trust: [server] });
  expect((await pool.run(targetOf(server), "any")).end).toEqual({ kind: "exited", code: 0 });
  expect(signed).toHaveLength(1);
});

test("input of several commands goes through two bastions whole", async () => {
  await using sshd = await openSshd();
  await using first = await openSshd({ address: "127.0.0.2" });
  await using second = await openSshd({ address: "127.0.0.3" });
  await using pool = await openSshPool({ trust: [sshd, first, second] });
  const target = targetOf(sshd, { jump: [targetOf(first), targetOf(second)] });
  const runs = await Promise.all([1, 2, 3].map(() => pool.start(target, "sha256sum")));
  for (const run of runs) run.process.stdin.end(input);
  for (const run of runs) expect((await run.finished).stdout.toString()).toBe(digest);
});
