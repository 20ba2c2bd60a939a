import { expect, test, vi } from "vitest";
import { openCounter } from "../support/counter.ts";
import { openSshPool, targetOf } from "../support/ssh-pool.ts";
import { openSsh2Server, socketOf } from "../support/ssh2-server.ts";
import { openSshd } from "../support/sshd.ts";

/** As if ssh2's insides had changed: the pool must go the public way, slower and as right. */
vi.mock(import("../../daemon/ssh/ssh2-internals.ts"), async (original) => ({
  ...(await original()),
  canOpenAhead: () => false,
  signalChannel: () => false,
  isClosedByServer: () => undefined,
  watchWindow: () => () => Infinity,
  watchAuthentication: () => undefined,
  ping: () => undefined,
}));

test("commands run on one connection, with their exit codes and bytes", async () => {
  await using sshd = await openSshd();
  await using counter = await openCounter();
  await using pool = await openSshPool({ trust: [sshd] });
  for (const code of [0, 3]) {
    const run = await pool.run(targetOf(sshd), `${counter.command}; echo out; echo err >&2; exit ${code}`);
    expect([run.stdout.toString(), run.stderr.toString()]).toEqual(["out\n", "err\n"]);
    expect(run.end).toEqual({ kind: "exited", code });
  }
  expect(await counter.count()).toBe(2);
  expect(pool.pool.metrics()).toMatchObject({ opened: 1 });
});

test("an exit that comes in one packet with the session's success is known", async () => {
  await using server = await openSsh2Server({
    session: (accept, _reject, { connection }) => {
      // What is corked here goes out at once when the command has been answered and has ended.
      accept().on("exec", (acceptExec) => {
        const socket = socketOf(connection);
        socket.cork();
        const channel = acceptExec();
        channel.write("out\n");
        channel.exit(3);
        channel.end();
        setImmediate(() => socket.uncork());
      });
    },
  });
  await using pool = await openSshPool({ trust: [server] });
  const run = await pool.run(targetOf(server), "true");
  expect([run.stdout.toString(), run.end]).toEqual(["out\n", { kind: "exited", code: 3 }]);
  expect(await run.process.execHelper("true", 10_000)).toEqual({ output: "out\n", code: 3 });
});

test("a terminal and standard input work", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [sshd] });
  const terminal = await pool.run(targetOf(sshd), 'test -t 0 && echo "$TERM $(stty size)"', {
    pty: { cols: 101, rows: 33 },
  });
  expect(terminal.stdout.toString().trim()).toBe("xterm-256color 33 101");
  const started = await pool.start(targetOf(sshd), "cat");
  started.process.stdin.end("there and back");
  expect((await started.finished).stdout.toString()).toBe("there and back");
});

test("a server with MaxSessions 1 opens a connection for each of two runs", async () => {
  await using sshd = await openSshd({ options: { MaxSessions: 1 } });
  await using pool = await openSshPool({ trust: [sshd] });
  const first = await pool.start(targetOf(sshd), "echo up; read line");
  await first.shown("up");
  expect((await pool.run(targetOf(sshd), "echo in")).stdout.toString()).toBe("in\n");
  first.process.stdin.end("\n");
  expect((await first.finished).end).toEqual({ kind: "exited", code: 0 });
});

test("a refused login is still told, without what else the server would take", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [sshd] });
  const target = targetOf(sshd, { identityFiles: [], identitiesOnly: false });
  await expect(pool.run(target, "true")).rejects.toMatchObject({ code: "authentication_failed" });
});
