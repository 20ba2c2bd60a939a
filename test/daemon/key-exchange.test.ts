import { expect, test } from "vitest";
import { algorithmsFor } from "../../daemon/ssh/connect/algorithms.ts";
import { matching } from "../support/matching.ts";
import { openEventLoopWatch } from "../support/event-loop.ts";
import { hostOf, knowHosts, openHostedDaemon, openStream } from "../support/hosted-daemon.ts";
import { RunReading } from "../support/run-stream.ts";
import { openSshPool, targetOf } from "../support/ssh-pool.ts";
import { openSshd, type SshdOptions } from "../support/sshd.ts";

async function refusalBy(options: SshdOptions["options"]) {
  await using sshd = await openSshd({ options: options ?? {} });
  await using pool = await openSshPool({ trust: [sshd] });
  return await pool.run(targetOf(sshd), "true").catch((problem: unknown) => problem);
}

test.each(algorithmsFor([]).kex)("a server that only does %s is logged in to", async (kex) => {
  await using sshd = await openSshd({ options: { KexAlgorithms: kex } });
  await using pool = await openSshPool({ trust: [sshd] });
  expect((await pool.run(targetOf(sshd), "echo in")).stdout.toString()).toBe("in\n");
});

test.each([
  ["KexAlgorithms", "diffie-hellman-group-exchange-sha256", "curve25519-sha256"],
  ["KexAlgorithms", "diffie-hellman-group14-sha1,diffie-hellman-group-exchange-sha1", "curve25519-sha256"],
  ["Ciphers", "aes128-cbc,3des-cbc", "aes128-gcm@openssh.com"],
])("a server that offers only %s %s is refused, with what it could offer", async (option, only, better) => {
  expect(await refusalBy({ [option]: only })).toMatchObject({
    code: "protocol_error",
    message: matching(
      new RegExp(
        `the server offers ${only.replaceAll(",", ", ")}\\. .* Allow ${better}.* \\(${option} in sshd_config\\)`,
      ),
    ),
    members: { host: "web1" },
  });
});

test("no server's way of key exchange holds up the daemon", async () => {
  await using watch = await openEventLoopWatch();
  await using daemon = await openHostedDaemon({ environment: watch.environment });
  await daemon.run("true");
  await watch.longestStep(daemon.pid);
  for (const kex of ["diffie-hellman-group-exchange-sha256", "diffie-hellman-group18-sha512"]) {
    await using sshd = await openSshd({ options: { KexAlgorithms: kex } });
    await knowHosts(daemon.home, sshd.knownHosts);
    await daemon.client.call("createHost", { body: { ...hostOf(sshd), name: kex } });
    const run = await new RunReading().follow(await openStream(daemon, "true", { host: kex }));
    const busyMs = await watch.longestStep(daemon.pid);
    console.log(`${kex}: busy for ${busyMs.toFixed(1)} ms at most`);
    expect(busyMs).toBeLessThan(200);
    expect(run.complete.outcome).toBe(kex.includes("exchange") ? "failed" : "exited");
  }
});
