import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { openSshPool, targetOf } from "../support/ssh-pool.ts";
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
