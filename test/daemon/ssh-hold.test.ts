import { expect, test } from "vitest";
import { openChaosProxy } from "../support/chaos-proxy.ts";
import { until } from "../support/durable.ts";
import { openSshPool, targetOf } from "../support/ssh-pool.ts";
import { openSshd } from "../support/sshd.ts";

const window = 2 * 1024 * 1024;

test("a command that is held stops within its window, on both streams together, and then goes on with every byte", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [sshd] });
  const bytes = 20_000_000;
  let received = 0;
  const begun = Promise.withResolvers<void>();
  const started = await pool.start(targetOf(sshd), `head -c ${bytes} /dev/zero | tee /dev/stderr`, {
    stdout: (chunk) => {
      received += chunk.length;
      begun.resolve();
    },
  });
  await begun.promise;
  started.process.hold(true);
  const before = received;
  const extra = started.process.extraBytes();
  // Others on the same connection go on; that nothing more comes beside two of them is its standstill.
  await until(async () => {
    const seen = received;
    for (const _ of [1, 2]) await pool.run(targetOf(sshd), "true");
    return received === seen;
  });
  expect(received - before).toBeLessThanOrEqual(window + extra);
  started.process.hold(false);
  const { stdout, stderr, end } = await started.finished;
  expect([stdout.length, stderr.length, end]).toEqual([bytes, bytes, { kind: "exited", code: 0 }]);
});

test("a server that is far away may send more ahead, and stops within that when it is held", async () => {
  await using sshd = await openSshd();
  await using proxy = await openChaosProxy(sshd);
  const { address, port } = proxy;
  const knownHosts = sshd.knownHosts.replaceAll(`:${sshd.port} `, `:${port} `);
  await using pool = await openSshPool({ trust: [{ knownHosts }] });
  const target = targetOf({ ...sshd, address, port });
  proxy.next({ delayMs: 250 });
  const bytes = 30_000_000;
  let received = 0;
  const grown = Promise.withResolvers<void>();
  const { process, finished } = await pool.start(target, `head -c ${bytes} /dev/zero`, {
    stdout: (chunk) => {
      received += chunk.length;
      if (process.extraBytes() > window) grown.resolve();
    },
  });
  await grown.promise;
  process.hold(true);
  const before = received;
  const extra = process.extraBytes();
  await until(async () => {
    const seen = received;
    for (const _ of [1, 2]) await pool.run(target, "true");
    return received === seen;
  });
  expect(received - before).toBeLessThanOrEqual(window + extra);
  process.hold(false);
  expect((await finished).stdout.length).toBe(bytes);
});

test("a command that ends while it is held has its end told, and so has one that is given up", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [sshd] });
  const small = await pool.start(targetOf(sshd), "read go; head -c 100000 /dev/zero; exit 3");
  small.process.hold(true);
  small.process.stdin.end("\n");
  const { stdout, end } = await small.finished;
  expect([stdout.length, end]).toEqual([100_000, { kind: "exited", code: 3 }]);
  small.process.hold(false);
  const endless = await pool.start(targetOf(sshd), "yes");
  endless.process.hold(true);
  endless.process.close();
  // As lost, or by the signal for which the server has the last word.
  expect((await endless.finished).end.kind).not.toBe("exited");
});
