import { writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { openDirectory } from "../support/directory.ts";
import { hostOf, knowHosts, openHostedDaemon } from "../support/hosted-daemon.ts";
import { openNetworkLink } from "../support/network-namespace.ts";
import { openSshd } from "../support/sshd.ts";

/** A daemon for which names stand in a hosts file of its own (hosts(5)), on a link to an address that takes connections. */
async function openFarDaemon() {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await openDirectory());
  const sshd = stack.use(await openSshd());
  const link = stack.use(await openNetworkLink(sshd));
  // On the same network, and nobody has it: what is sent there is lost.
  const dead = link.address.replace(/\d+$/, "77");
  const hosts = directory.join("hosts");
  await writeFile(
    hosts,
    [
      `${link.address} alive-first`,
      `${dead} alive-first`,
      `${dead} dead-first`,
      `${link.address} dead-first`,
    ].join("\n"),
  );
  const mount = `mount --bind ${hosts} /etc/hosts && exec "$@"`;
  const daemon = stack.use(await openHostedDaemon({ under: ["unshare", "-m", "bash", "-c", mount, "-"] }));
  for (const name of ["alive-first", "dead-first"]) {
    await knowHosts(daemon.home, `[${name}]:${link.port} ${sshd.hostKeys[0]?.publicKey ?? ""}\n`);
    await daemon.client.call("createHost", {
      body: { ...hostOf(sshd), name, address: name, port: link.port },
    });
  }
  const owned = stack.move();
  return { ...daemon, link, dead, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

test("of two addresses the one that answers is taken, whichever comes first", async () => {
  await using daemon = await openFarDaemon();
  for (const host of ["alive-first", "dead-first"]) {
    const run = await daemon.run("echo in", { host });
    expect(run.text()).toBe("in\n");
    console.log(`${host}: ${run.complete.durationMs.toFixed(0)} ms`);
  }
});

test("and is waited for when it answers late", async () => {
  await using daemon = await openFarDaemon();
  for (const host of ["alive-first", "dead-first"]) {
    await daemon.link.down();
    const run = daemon.run("echo in", { host });
    await delay(320);
    await daemon.link.up();
    expect((await run).text()).toBe("in\n");
    console.log(`${host}: ${(await run).complete.durationMs.toFixed(0)} ms`);
  }
});

test("when none answers the message names each", async () => {
  await using daemon = await openFarDaemon();
  await daemon.link.down();
  const run = await daemon.run("echo in", { host: "dead-first", connectTimeoutMs: 1500 });
  expect(run.problem).toMatchObject({ code: "timed_out" });
  for (const address of [daemon.link.address, daemon.dead]) {
    expect(run.problem.message).toContain(`${address} (no answer yet)`);
  }
});
