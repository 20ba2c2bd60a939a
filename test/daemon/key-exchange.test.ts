import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ownAlgorithms, withLegacy } from "../../daemon/transport/algorithms.ts";
import { plainHopSettings } from "../../daemon/transport/hop-settings.ts";
import { containing, matching } from "../support/matching.ts";
import { openEventLoopWatch } from "../support/event-loop.ts";
import { hostOf, knowHosts, openHostedDaemon, openStream } from "../support/hosted-daemon.ts";
import { RunReading } from "../support/run-stream.ts";
import { openSshPool, targetOf } from "../support/ssh-pool.ts";
import { openSshd, type SshdOptions } from "../support/sshd.ts";

async function refusalBy(options: SshdOptions["options"]) {
  await using sshd = await openSshd({ options: options ?? {} });
  await using pool = await openSshPool({ trust: [sshd] });
  // By itself the system's ssh would be tried, which does a group exchange.
  const settings = { ...plainHopSettings, transport: "ssh2" } as const;
  return await pool.run(targetOf(sshd, { settings }), "true").catch((problem: unknown) => problem);
}

test.each(ownAlgorithms.kex)("a server that only does %s is logged in to", async (kex) => {
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

const oldDevice = { settings: { ...plainHopSettings, algorithms: withLegacy(plainHopSettings.algorithms) } };

test.each([
  ["KexAlgorithms", "diffie-hellman-group14-sha1", "kex"],
  ["KexAlgorithms", "diffie-hellman-group1-sha1", "kex"],
  ["Ciphers", "aes128-cbc", "cipher"],
  ["Ciphers", "3des-cbc", "cipher"],
  ["HostKeyAlgorithms", "ssh-rsa", "hostKeyType"],
] as const)(
  "an old device with only %s %s is let in by itself, and says what it uses",
  async (option, only, member) => {
    await using sshd = await openSshd({ hostKeys: ["rsa"], options: { [option]: only } });
    await using pool = await openSshPool({ trust: [sshd] });
    await expect(pool.run(targetOf(sshd), "true")).rejects.toMatchObject({
      code: "protocol_error",
      message: containing("--legacy-algorithms"),
    });
    const run = await pool.run(targetOf(sshd, oldDevice), "echo in");
    expect(run.stdout.toString()).toBe("in\n");
    expect(run.process.connection[member]).toBe(only);
  },
);

test("an old device with only CBC and hmac-sha1 is let in, and a new server gets nothing of it", async () => {
  await using old = await openSshd({ options: { Ciphers: "aes256-cbc", MACs: "hmac-sha1" } });
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [old, sshd] });
  const first = await pool.run(targetOf(old, oldDevice), "echo in");
  expect(first.process.connection).toMatchObject({ cipher: "aes256-cbc", mac: "hmac-sha1" });
  const second = await pool.run(targetOf(sshd, oldDevice), "echo in");
  expect(second.process.connection).toMatchObject({
    kex: "curve25519-sha256",
    cipher: "aes128-gcm@openssh.com",
    mac: "",
    hostKeyType: "ssh-ed25519",
    hostKeyFingerprint: sshd.hostKeys[0]?.fingerprint,
  });
});

test("a host's configuration chooses among what the server has", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [sshd] });
  const wanted = {
    ...plainHopSettings.algorithms,
    kex: ["sntrup761x25519-sha512@openssh.com", "ecdh-sha2-nistp384"],
    ciphers: ["aes192-ctr"],
    macs: ["hmac-sha2-512-etm@openssh.com"],
  };
  const target = targetOf(sshd, { settings: { ...plainHopSettings, algorithms: wanted } });
  const run = await pool.run(target, "true");
  expect(run.process.connection).toMatchObject({
    kex: "ecdh-sha2-nistp384",
    cipher: "aes192-ctr",
    mac: "hmac-sha2-512-etm@openssh.com",
  });
  // What ssh2 has none of the system's ssh does by itself, as a person who asks for it expects.
  const hybrid = { ...wanted, kex: wanted.kex.slice(0, 1) };
  const other = await pool.run(
    targetOf(sshd, { settings: { ...plainHopSettings, algorithms: hybrid } }),
    "true",
  );
  expect(other.process.connection).toMatchObject({ transport: "openssh", kex: wanted.kex[0] });
  const none = { ...wanted, ciphers: ["blowfish-cbc"] };
  const refused = targetOf(sshd, { settings: { ...plainHopSettings, algorithms: none } });
  await expect(pool.run(refused, "true")).rejects.toMatchObject({
    code: "protocol_error",
    message: containing("none of the configured Ciphers"),
  });
});

test("no server's way of key exchange holds up the daemon", async () => {
  await using watch = await openEventLoopWatch();
  await using daemon = await openHostedDaemon({ environment: watch.environment });
  await daemon.run("true");
  await watch.maxStepMs(daemon.pid);
  for (const kex of ["diffie-hellman-group-exchange-sha256", "diffie-hellman-group18-sha512"]) {
    await using sshd = await openSshd({ options: { KexAlgorithms: kex } });
    await knowHosts(daemon.home, sshd.knownHosts);
    // Also where a person asks for it.
    await writeFile(join(daemon.home, ".ssh/config"), `Host ${kex}\n  KexAlgorithms ${kex}\n`);
    await daemon.client.call("createHost", { body: { ...hostOf(sshd), name: kex } });
    const run = await new RunReading().follow(await openStream(daemon, "true", { host: kex }));
    const busyMs = await watch.maxStepMs(daemon.pid);
    console.log(`${kex}: busy for ${busyMs.toFixed(1)} ms at most`);
    expect(busyMs).toBeLessThan(200);
    expect(run.complete.outcome).toBe("exited");
  }
});
