import { afterAll, describe, expect, test } from "vitest";
import type { ServerChannel, Session } from "ssh2";
import { type HostedDaemon, hostOf, openHostedDaemon, type RunOptions } from "../support/hosted-daemon.ts";
import { openSshd } from "../support/sshd.ts";
import { openSsh2Server } from "../support/ssh2-server.ts";
import { readMessages, RunReading } from "../support/run-stream.ts";

/** Every wait for a host's word ends: with a problem that says so, or at once when it is cancelled. */
await using starting = new AsyncDisposableStack();
const daemon: HostedDaemon = starting.use(await openHostedDaemon());
const owned = starting.move();
afterAll(() => owned.disposeAsync());

let hosts = 0;
async function hostAt(server: Parameters<typeof hostOf>[0]): Promise<string> {
  hosts += 1;
  const name = `silent-${hosts}`;
  await daemon.client.call("createHost", { body: { ...hostOf(server), name, hostKeyPolicy: "acceptNew" } });
  return name;
}

/** Begins a run and cancels it at the first event for which `when` is true. */
async function cancelled(options: RunOptions, when: (message: string) => boolean): Promise<RunReading> {
  const messages = readMessages(await daemon.stream("echo ran", options));
  const reading = new RunReading();
  await reading.until(messages, (event) => event.type === "status" && when(event.message));
  await daemon.client.call("cancelRun", { params: { run: reading.id }, body: { graceMs: 200 } });
  await reading.until(messages, ({ type }) => type === "complete");
  return reading;
}

describe.concurrent("a durable run", () => {
  test("on an account whose ForceCommand reads standard input ends in the connection's time", async () => {
    await using sshd = await openSshd({ match: "Match all\n  ForceCommand cat > /dev/null" });
    const host = await hostAt(sshd);
    for (const more of [{}, { stdin: "in" }, { env: { A: "a" } }, { timeoutMs: 600 }]) {
      const reading = await daemon.run("echo ran", { host, durable: true, connectTimeoutMs: 1500, ...more });
      expect(reading.complete).toMatchObject({ outcome: "failed", exitCode: null });
      expect(reading.problem.code).toBe("timed_out");
      expect(reading.problem.message).toContain("was not started");
      expect(reading.problem.message).toContain("ForceCommand");
    }
  });

  test("there can be cancelled", async () => {
    await using sshd = await openSshd({ match: "Match all\n  ForceCommand cat > /dev/null" });
    const options = { host: await hostAt(sshd), durable: true, connectTimeoutMs: 600_000 };
    await daemon.run("true", { ...options, connectTimeoutMs: 1000 });
    const reading = await cancelled(options, (message) => message.startsWith("Connecting"));
    expect(reading.complete).toMatchObject({ outcome: "cancelled" });
  });

  /** A host that asks for the command, takes it, and says nothing more. */
  const swallowing = () =>
    openSsh2Server({
      exec: (channel, command) => {
        channel.write(`hostrun-${/' hostrun ([0-9a-f]+) /.exec(command)?.[1]}:ready::::::::\n`);
        channel.resume();
      },
    });

  test("whose host takes the command and says nothing more is unknown, not under way for ever", async () => {
    await using server = await swallowing();
    const reading = await daemon.run("echo ran", {
      host: await hostAt(server),
      durable: true,
      connectTimeoutMs: 3000,
    });
    expect(reading.complete).toMatchObject({ outcome: "unknown", exitCode: null });
    expect(reading.problem.message).toContain("which may be running there");
  });

  // A host that cannot be reached is waited for half a minute.
  test("there can be cancelled, with its end unconfirmed", { timeout: 20_000 }, async () => {
    const given = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    await using server = await openSsh2Server({
      exec: (channel, command) => {
        if (command.includes("end_group")) asked.resolve();
        channel.write(`hostrun-${/' hostrun ([0-9a-f]+) /.exec(command)?.[1]}:ready::::::::\n`);
        channel.once("data", () => given.resolve());
      },
    });
    const options = { host: await hostAt(server), durable: true, connectTimeoutMs: 600_000 };
    const messages = readMessages(await daemon.stream("echo ran", options));
    const reading = new RunReading();
    await reading.until(messages, ({ type }) => type === "init");
    await given.promise;
    await daemon.client.call("cancelRun", { params: { run: reading.id }, body: { graceMs: 200 } });
    await reading.until(messages, ({ type }) => type === "complete");
    expect(reading.complete).toMatchObject({ outcome: "cancelled", stopConfirmed: false });
    // It may have begun, and is to be ended then.
    await asked.promise;
  });
});

/** Servers of which Hostrun asks which shell they run commands by, and that do not answer. */
const ident = "OpenSSH_for_Windows_9.5";
describe.concurrent("a host that is asked for its login shell", () => {
  test.each([
    { what: "opens no session", session: (): void => undefined },
    {
      what: "takes no command",
      session: (accept: () => Session): void => {
        accept()
          .removeAllListeners("exec")
          .on("exec", () => undefined);
      },
    },
  ])("and $what is given up in the connection's time", async ({ session }) => {
    await using server = await openSsh2Server({ ident, session });
    const host = await hostAt(server);
    const reading = await daemon.run("echo ran", { host, connectTimeoutMs: 1000 });
    expect(reading.complete).toMatchObject({ outcome: "failed" });
    expect(reading.problem.code).toBe("timed_out");
    expect(reading.problem.message).toContain("shell");
    // The answer itself is waited for 3 s.
    expect(reading.complete.durationMs).toBeGreaterThanOrEqual(1000);
    expect(reading.complete.durationMs).toBeLessThan(3000);
  });

  test("and does not answer runs the command bare", async () => {
    const channels: ServerChannel[] = [];
    await using server = await openSsh2Server({
      ident,
      exec: (channel, command) => {
        channels.push(channel);
        if (command !== "echo ran") return;
        channel.exit(3);
        channel.end();
      },
    });
    const reading = await daemon.run("echo ran", { host: await hostAt(server) });
    expect(reading.complete).toMatchObject({ outcome: "exited", exitCode: 3 });
    expect(channels).toHaveLength(2);
  });
});

test.concurrent("a cancel that the host never answers ends the run, with its end unconfirmed", async () => {
  let sessions = 0;
  await using server = await openSsh2Server({
    ident,
    session: (accept) => {
      sessions += 1;
      if (sessions <= 2) accept();
    },
    exec: (channel, command) => {
      if (command.includes("hostrun-shell")) {
        channel.write("hostrun-shell:/bin/sh:\n");
        channel.exit(0);
        channel.end();
        return;
      }
      channel.stderr.write(`hostrun-${/hostrun-([0-9a-f]+):/.exec(command)?.[1]}:4242:\n`);
    },
  });
  const options = { host: await hostAt(server) };
  const reading = await cancelled(options, (message) => message.startsWith("Connected"));
  expect(reading.complete).toMatchObject({ outcome: "cancelled", stopConfirmed: false });
});
