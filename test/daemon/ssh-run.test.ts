import { createHash, randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { finished } from "node:stream/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Target } from "../../daemon/transport/remote.ts";
import { openCounter } from "../support/counter.ts";
import { openDirectory } from "../support/directory.ts";
import { openDropbear } from "../support/other-servers.ts";
import { openSshPool, type TestPool, targetOf } from "../support/ssh-pool.ts";
import { openSshd } from "../support/sshd.ts";
import { openUnixUser } from "../support/unix-user.ts";

const stack = new AsyncDisposableStack();
const servers = new Map<string, Target>();
let pool: TestPool;

beforeAll(async () => {
  const sshd = stack.use(await openSshd());
  const user = stack.use(await openUnixUser());
  const dropbear = stack.use(await openDropbear());
  servers.set("OpenSSH as root", targetOf(sshd));
  servers.set("OpenSSH as an ordinary user", targetOf({ ...sshd, user: user.name }));
  servers.set("dropbear", targetOf(dropbear, { hostKeyPolicy: "acceptNew" }));
  pool = stack.use(await openSshPool({ trust: [sshd] }));
});
afterAll(() => stack.disposeAsync());

function server(name: string): Target {
  const target = servers.get(name);
  if (target === undefined) throw new Error(name);
  return target;
}

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

describe.each(["OpenSSH as root", "OpenSSH as an ordinary user", "dropbear"])("%s", (name) => {
  test("exit codes come by value", async () => {
    for (const code of [0, 1, 42, 255]) {
      const run = await pool.run(server(name), `exit ${code}`);
      expect(run.end).toEqual({ kind: "exited", code });
    }
  });

  test("a signal that ends the command is named", async () => {
    const run = await pool.run(server(name), "kill -TERM $$");
    expect(run.end).toEqual({ kind: "signaled", signal: "TERM" });
  });

  test("standard output and standard error keep every byte, and apart", async () => {
    await using directory = await openDirectory({ readable: true });
    const out = randomBytes(3_000_000);
    const err = randomBytes(2_500_000);
    await writeFile(directory.join("out"), out);
    await writeFile(directory.join("err"), err);
    const run = await pool.run(
      server(name),
      `cat ${directory.join("err")} >&2 & cat ${directory.join("out")}; wait`,
    );
    expect(run.end).toEqual({ kind: "exited", code: 0 });
    expect(sha256(run.stdout)).toBe(sha256(out));
    expect(sha256(run.stderr)).toBe(sha256(err));
  });

  test("standard input arrives byte for byte, and its end", async () => {
    const input = randomBytes(3_000_000);
    const started = await pool.start(server(name), "sha256sum; echo after-eof");
    started.process.stdin.end(input);
    const run = await started.finished;
    expect(run.stdout.toString()).toBe(`${sha256(input)}  -\nafter-eof\n`);
  });

  test("standard input goes back and forth while it is open", async () => {
    const started = await pool.start(server(name), "cat");
    for (const word of ["one", "two", "three"]) {
      started.process.stdin.write(`${word}\n`);
      await started.shown(word);
    }
    started.process.stdin.end();
    expect((await started.finished).end).toEqual({ kind: "exited", code: 0 });
  });

  test("a terminal is one, and of the wanted size, and is called xterm-256color", async () => {
    const run = await pool.run(server(name), 'test -t 0 && echo "$TERM $(stty size)"', {
      pty: { cols: 101, rows: 33 },
    });
    expect(run.stdout.toString().trim()).toBe("xterm-256color 33 101");
  });

  test("the command is executed once", async () => {
    await using counter = await openCounter();
    await pool.run(server(name), counter.command);
    expect(await counter.count()).toBe(1);
  });
});

test("trap: the end waits for output that comes after the exit status", async () => {
  const run = await pool.run(server("OpenSSH as root"), "(sleep 0.3; echo late) & exit 7");
  expect(run.stdout.toString()).toBe("late\n");
  expect(run.end).toEqual({ kind: "exited", code: 7 });
});

test("trap: a command that fills standard error does not stall", async () => {
  const run = await pool.run(
    server("OpenSSH as root"),
    "head -c 5000000 /dev/zero >&2; head -c 5000000 /dev/zero",
  );
  expect([run.stdout.length, run.stderr.length]).toEqual([5_000_000, 5_000_000]);
});

test("trap: a signal arrives also after standard input has ended, for an ordinary user", async () => {
  const started = await pool.start(server("OpenSSH as an ordinary user"), "echo up; exec sleep 60");
  await started.shown("up");
  started.process.stdin.end();
  await finished(started.process.stdin);
  started.process.signal("INT");
  expect((await started.finished).end).toEqual({ kind: "signaled", signal: "INT" });
});

test("an unknown signal name is let be", async () => {
  const started = await pool.start(server("OpenSSH as root"), "echo up; read line; exit 4");
  await started.shown("up");
  started.process.signal("NONSENSE");
  started.process.stdin.end("\n");
  expect((await started.finished).end).toEqual({ kind: "exited", code: 4 });
});

test("trap: giving a session up ends the run as lost although the command goes on", async () => {
  const started = await pool.start(server("OpenSSH as root"), "echo up; exec sleep 30");
  await started.shown("up");
  const begun = performance.now();
  started.process.close();
  const { end } = await started.finished;
  expect(end).toMatchObject({ kind: "lost", problem: { code: "connection_lost" } });
  expect(performance.now() - begun).toBeLessThan(20_000);
});

test("trap: writing to a command that has ended is harmless and is called back", async () => {
  const started = await pool.start(server("OpenSSH as root"), "exit 0");
  await started.finished;
  await new Promise<void>((resolve) => started.process.stdin.write("too late", () => resolve()));
  // With the command its input was destroyed, and Node calls nobody back for the end of such a stream.
  started.process.stdin.end();
});

test("a write that the command never reads is called back when it ends", async () => {
  const started = await pool.start(server("OpenSSH as root"), "echo up; sleep 0.5; exit 0");
  await started.shown("up");
  // More than the window of any server: the rest waits for a window that never opens.
  const written = new Promise<void>((resolve) =>
    started.process.stdin.write(Buffer.alloc(8_000_000), () => resolve()),
  );
  expect((await started.finished).end).toEqual({ kind: "exited", code: 0 });
  await written;
});

test("nothing is told before the process is given", async () => {
  let told = false;
  const started = await pool.start(server("OpenSSH as root"), "echo at once", {
    stdout: () => {
      told = true;
    },
  });
  expect(told).toBe(false);
  expect((await started.finished).stdout.toString()).toBe("at once\n");
});
