import { chmod, copyFile } from "node:fs/promises";
import { afterAll, describe, expect, test } from "vitest";
import { openCounter } from "../support/counter.ts";
import { openDirectory } from "../support/directory.ts";
import { isFull } from "../support/fault-counts.ts";
import {
  type HostedDaemon,
  hostOf,
  knowHosts,
  openHostedDaemon,
  openStream,
  type RunOptions,
} from "../support/hosted-daemon.ts";
import { openDropbear } from "../support/other-servers.ts";
import { liveProcesses, untilLive } from "../support/process-groups.ts";
import { RunReading, readMessages } from "../support/run-stream.ts";
import { endProcesses } from "../support/server-process.ts";
import { openShells, type ShellName, shellNames } from "../support/shells.ts";
import { createKey } from "../support/ssh-key.ts";
import { openSsh2Server } from "../support/ssh2-server.ts";
import { openUnixUser } from "../support/unix-user.ts";

await using starting = new AsyncDisposableStack();
const shells = starting.use(await openShells());
const daemon = starting.use(await openHostedDaemon());
const owned = starting.move();
afterAll(async () => {
  // What a host could not confirm goes on there, as announced.
  const left = (await liveProcesses()).filter(({ args }) => args.includes(markOfThisFile));
  endProcesses(left.map(({ pid }) => pid));
  await owned.disposeAsync();
});

type Who = "ordinary" | "root";

/** The host by which somebody with this login shell is logged in. */
async function login(shell: ShellName, who: Who): Promise<string> {
  const account = owned.use(await openUnixUser({ shell: shells.path(shell), root: who === "root" }));
  const body = { ...hostOf(daemon.sshd), name: `${who}-${shell}`, user: account.name };
  return (await daemon.client.call("createHost", { body })).name;
}
const everybody = (["ordinary", "root"] as const).flatMap((who) =>
  shellNames.map((shell) => ({ shell, who, host: login(shell, who) })),
);
await Promise.all(everybody.map(({ host }) => host));

interface Kind {
  readonly name: string;
  /** `$M` stands where a process is to be seen by. */
  readonly command: (shell: ShellName) => string;
  /** How many processes are seen. */
  readonly seen: number;
  readonly options?: RunOptions;
}

const quiet = (shell: ShellName): string => (shell === "tcsh" ? ">& /dev/null" : ">/dev/null 2>&1");
const stubborn = `/bin/sh -c 'trap "" INT TERM; sleep $M & while :; do sleep 0.1; done'`;
const kinds: readonly Kind[] = [
  { name: "a sleep", command: () => "sleep $M", seen: 1 },
  { name: "a pipeline", command: () => "sleep $M | cat | sleep $M", seen: 2 },
  { name: "one that traps INT and TERM", command: () => stubborn, seen: 1 },
  { name: "a child in the background", command: () => "sleep $M & sleep $M", seen: 2 },
  {
    name: "a quiet child in the background",
    command: (shell) => `sleep $M ${quiet(shell)} & sleep $M`,
    seen: 2,
  },
  { name: "a child that outlives its shell", command: () => "sleep $M &", seen: 1 },
  { name: "a terminal", command: () => "sleep $M", seen: 1, options: { pty: true } },
  { name: "open standard input", command: () => "sleep $M", seen: 1, options: { stdinOpen: true } },
];

const markOfThisFile = `2000.${process.pid}`;
let marks = 0;
/** Starts a command and comes back when its processes are seen on the host. */
async function started(
  host: string,
  command: string,
  { seen = 1, ...options }: RunOptions & { seen?: number } = {},
  on: HostedDaemon = daemon,
) {
  marks += 1;
  const mark = `${markOfThisFile}${String(marks).padStart(4, "0")}`;
  const run = new RunReading();
  const messages = readMessages(await openStream(on, command.replaceAll("$M", mark), { host, ...options }));
  await run.until(messages, (event) => event.type === "status" && event.state === "running");
  const groups = new Set((await untilLive(mark, seen)).map(({ group }) => group));
  return {
    run,
    rest: () => run.until(messages, ({ type }) => type === "complete"),
    cancel: (graceMs = 300) => on.client.call("cancelRun", { params: { run: run.id }, body: { graceMs } }),
    /** What lives of it: by its process groups, and by what it was called with. */
    left: async () =>
      (await liveProcesses()).filter(({ group, args }) => groups.has(group) || args.includes(mark)),
  };
}

const matrix = everybody.flatMap((someone, row) =>
  // In the short form every shell and every kind comes, and both users.
  kinds
    .filter((_, column) => isFull || (row + column) % 4 === 0)
    .map((kind) => ({ ...someone, what: kind.name, kind })),
);

describe("a cancelled run ends on the host", () => {
  test.each(matrix)("$what, $who user, $shell", async ({ shell, host, kind }) => {
    const options = { ...kind.options, seen: kind.seen };
    const { run, rest, cancel, left } = await started(await host, kind.command(shell), options);
    await cancel();
    await rest();
    expect(run.complete).toMatchObject({ outcome: "cancelled", stopConfirmed: true });
    expect(await left()).toEqual([]);
    const stored = await daemon.client.call("getRun", { params: { run: run.id } });
    expect(stored).toMatchObject({ state: "ended", outcome: "cancelled", stopConfirmed: true });
    expect(run.text() + run.text("stderr")).not.toContain("hostrun-");
  });
});

describe("also", () => {
  test.each(["ordinary", "root"])("five at once on one connection, %s user", async (who) => {
    const host = `${who}-bash`;
    // A worker that is started meanwhile takes one of the connection's five sessions.
    const options = { worker: "off" } as const;
    const runs = await Promise.all(Array.from({ length: 5 }, () => started(host, stubborn, options)));
    await Promise.all(runs.map(({ cancel }) => cancel()));
    await Promise.all(runs.map(({ rest }) => rest()));
    for (const { run, left } of runs) {
      expect(run.complete).toMatchObject({ outcome: "cancelled", stopConfirmed: true });
      expect(await left()).toEqual([]);
    }
    const { items } = await daemon.client.call("listConnections");
    expect(items.filter((connection) => connection.host === host)).toHaveLength(1);
  });

  test.each(["ordinary", "root"])("one of two, and the other goes on, %s user", async (who) => {
    const [first, second] = await Promise.all([1, 2].map(() => started(`${who}-dash`, "sleep $M")));
    if (first === undefined || second === undefined) throw new Error("two were started");
    await first.cancel();
    await first.rest();
    expect(await first.left()).toEqual([]);
    expect(await second.left()).not.toEqual([]);
    await second.cancel();
    await second.rest();
    expect(second.run.complete).toMatchObject({ outcome: "cancelled", stopConfirmed: true });
  });

  test.each(["ordinary", "root"])("one that runs out of time, %s user", async (who) => {
    const { run, rest, left } = await started(`${who}-zsh`, "sleep $M | sleep $M", {
      seen: 2,
      timeoutMs: 5000,
    });
    await rest();
    expect(run.complete).toMatchObject({ outcome: "timedOut", stopConfirmed: true });
    expect(await left()).toEqual([]);
  });

  test.each(["root-fish", "root-dash"])(
    "one that is cancelled before its first word is here, %s",
    async (host) => {
      const run = new RunReading();
      const command = `sleep ${markOfThisFile}9001; echo on`;
      const messages = readMessages(await openStream(daemon, command, { host }));
      await run.until(messages, (event) => event.type === "status" && event.state === "running");
      await daemon.client.call("cancelRun", { params: { run: run.id }, body: { graceMs: 300 } });
      await run.until(messages, ({ type }) => type === "complete");
      expect(run.complete).toMatchObject({ outcome: "cancelled", stopConfirmed: true, stdoutBytes: 0 });
      expect((await liveProcesses()).filter(({ args }) => args.includes(`${markOfThisFile}9001`))).toEqual(
        [],
      );
    },
  );

  test("one whose child has left for a session of its own is not confirmed", async () => {
    const { run, rest, cancel } = await started("ordinary-bash", "setsid sleep $M & sleep $M", {
      seen: 2,
    });
    await cancel();
    await rest();
    expect(run.complete).toMatchObject({ outcome: "cancelled", stopConfirmed: false });
  });

  test.each([{ durable: false }, { durable: true }])(
    "one with a process that its user may not end is not confirmed, %o",
    async (options) => {
      await using own = await openDirectory({ readable: true });
      const asRoot = own.join("as-root");
      await copyFile("/usr/bin/setpriv", asRoot);
      await chmod(asRoot, 0o4755);
      // Its output is closed: an end of the output must not be taken for the end of the command.
      const command = `${asRoot} --reuid 0 --clear-groups sleep $M ${quiet("bash")} & sleep $M`;
      const { run, rest, cancel, left } = await started("ordinary-bash", command, { seen: 2, ...options });
      await cancel();
      await rest();
      expect(run.complete).toMatchObject({ outcome: "cancelled", stopConfirmed: false });
      const alive = await left();
      expect(alive).toHaveLength(1);
      endProcesses(alive.map(({ pid }) => pid));
    },
  );

  test("one whose connection is closed as soon as nothing runs on it", async () => {
    await using account = await openUnixUser();
    const host = { user: account.name };
    await using own = await openHostedDaemon({ flags: ["--pool-idle-ms", "0"], host });
    const { run, rest, cancel, left } = await started("web1", "sleep $M", {}, own);
    await cancel();
    await rest();
    expect(run.complete).toMatchObject({ outcome: "cancelled", stopConfirmed: true });
    expect(await left()).toEqual([]);
  });
});

describe("a process of root's in an ordinary user's command", () => {
  /** Runs a command as root, as sudo does, in the session that it is in. */
  async function openRootTool() {
    const tool = await openDirectory({ readable: true });
    await copyFile("/usr/bin/setpriv", tool.join("setpriv"));
    await chmod(tool.join("setpriv"), 0o4755);
    return {
      command: `${tool.join("setpriv")} --reuid 0 --regid 0 --clear-groups`,
      [Symbol.asyncDispose]: () => tool[Symbol.asyncDispose](),
    };
  }
  const places = [
    { where: "that sleeps on quietly", command: "$ROOT sleep $M >/dev/null 2>&1 & sleep $M", seen: 2 },
    { where: "that is the command itself", command: "exec $ROOT sleep $M", seen: 1 },
    {
      where: "in a group of its own",
      command: "set -m; $ROOT sleep $M >/dev/null 2>&1 & sleep $M",
      seen: 2,
    },
  ];
  const hiding = { sshd: { mounts: ["mount -t proc -o hidepid=2 proc /proc"] } };

  describe.each([
    ["everybody's processes can be seen", {}],
    ["only one's own processes can be seen", hiding],
  ])("where %s", (_what, options) => {
    test.each(places)("$where is not confirmed to be gone", async ({ command, seen }) => {
      await using root = await openRootTool();
      await using account = await openUnixUser();
      await using own = await openHostedDaemon({ ...options, host: { user: account.name } });
      const line = command.replace("$ROOT", root.command);
      const { run, rest, cancel, left } = await started("web1", line, { seen }, own);
      await cancel();
      await rest();
      expect(run.complete).toMatchObject({ outcome: "cancelled", stopConfirmed: false });
      const lives = await left();
      expect(lives.map(({ args }) => args.split(" ")[0])).toContain("sleep");
      endProcesses(lives.map(({ pid }) => pid));
    });
  });

  test.each([
    ["everybody's processes can be seen", {}],
    ["only one's own processes can be seen", hiding],
  ])("that is a durable command is not confirmed to be gone where %s", async (_what, options) => {
    await using root = await openRootTool();
    await using account = await openUnixUser();
    await using own = await openHostedDaemon({ ...options, host: { user: account.name } });
    const line = `exec ${root.command} sleep $M`;
    const { run, rest, cancel, left } = await started("web1", line, { durable: true }, own);
    await cancel();
    await rest();
    expect(run.complete).toMatchObject({ outcome: "cancelled", stopConfirmed: false, exitCode: null });
    const lives = await left();
    expect(lives).toHaveLength(1);
    endProcesses(lives.map(({ pid }) => pid));
  });

  test("that ends in time is confirmed to be gone", async () => {
    await using root = await openRootTool();
    await using account = await openUnixUser();
    await using own = await openHostedDaemon({ host: { user: account.name } });
    const line = `${root.command} timeout 5 sleep $M >/dev/null 2>&1 & sleep $M`;
    const { run, rest, cancel, left } = await started("web1", line, { seen: 3 }, own);
    await cancel(20_000);
    await rest();
    expect(run.complete).toMatchObject({ outcome: "cancelled", stopConfirmed: true });
    expect(await left()).toEqual([]);
  });

  test.each([
    { durable: true, root: false },
    { durable: false, root: false },
    { durable: false, root: true },
  ])("is not there, which a host that hides such can't know, but for root: %o", async ({ durable, root }) => {
    await using account = await openUnixUser();
    const host = root ? {} : { user: account.name };
    await using own = await openHostedDaemon({ ...hiding, host });
    const { run, rest, cancel, left } = await started("web1", stubborn, { durable }, own);
    await cancel();
    await rest();
    expect(run.complete).toMatchObject({ outcome: "cancelled", stopConfirmed: root });
    expect(await left()).toEqual([]);
  });
});

describe("a host that can't say", () => {
  test("dropbear gives commands no session: unconfirmed, and what else runs there goes on", async () => {
    await using dropbear = await openDropbear();
    await using own = await openHostedDaemon({
      host: { ...hostOf(dropbear), hostKeyPolicy: "acceptNew" },
    });
    const kept = await started("web1", "sleep $M; echo kept", { stdinOpen: true }, own);
    const { run, rest, cancel } = await started("web1", "sleep $M", {}, own);
    await cancel();
    await rest();
    expect(run.complete).toMatchObject({ outcome: "cancelled", stopConfirmed: false });
    // Its group is the server's own, which goes on anyway.
    expect((await kept.left()).map(({ args }) => args.split(" ")[0])).toContain("sleep");
    expect((await own.run("echo again")).text()).toBe("again\n");
    const terminal = await started("web1", "sleep $M", { pty: true }, own);
    await terminal.cancel();
    await terminal.rest();
    // With a terminal it does.
    expect(terminal.run.complete).toMatchObject({ outcome: "cancelled", stopConfirmed: true });
    expect(await terminal.left()).toEqual([]);
    expect((await own.client.call("stats")).pool).toMatchObject({ opened: 1 });
    await kept.cancel();
    await kept.rest();
  });

  test("a server of one session is asked once that of the command is over", async () => {
    await using own = await openHostedDaemon({ sshd: { options: { MaxSessions: 1 } } });
    const user = owned.use(await openUnixUser());
    await own.client.call("updateHost", { params: { host: "web1" }, body: { user: user.name } });
    for (const [command, seen, stopConfirmed] of [
      ["sleep $M", 1, true],
      // What is in the background heeds no INT, and holds the session.
      ["sleep $M & sleep $M", 2, false],
    ] as const) {
      const { run, rest, cancel, left } = await started("web1", command, { seen }, own);
      await cancel();
      await rest();
      expect(run.complete).toMatchObject({ outcome: "cancelled", stopConfirmed });
      expect(await left()).toEqual([]);
    }
  });

  test("a key that forces a command runs it once, not once more for a question", async () => {
    await using counter = await openCounter();
    await using directory = await openDirectory();
    const key = await createKey(directory.join("deploy"));
    const line = `restrict,command="${counter.command}; printf '%s' \\"$SSH_ORIGINAL_COMMAND\\"" ${key.publicKey}`;
    await using deploy = await openHostedDaemon({ sshd: { authorizedKeys: [line] } });
    await deploy.client.call("updateHost", { params: { host: "web1" }, body: { identityFile: key.path } });
    expect((await deploy.run("release 7")).text()).toBe("release 7");
    expect(await counter.count()).toBe(1);
    expect((await deploy.run("release 8")).text()).toBe("release 8");
    expect(await counter.count()).toBe(2);
  });

  test("a forced command gets the command bare", async () => {
    await using account = await openUnixUser();
    const wait = `sleep ${markOfThisFile}9002`;
    const menu = `Match all\nForceCommand case "$SSH_ORIGINAL_COMMAND" in wait) exec ${wait};; *) echo "% Unknown";; esac`;
    await using menued = await openHostedDaemon({ sshd: { match: menu }, host: { user: account.name } });
    const run = new RunReading();
    const messages = readMessages(await menued.stream("wait"));
    await run.until(messages, (event) => event.type === "status" && event.state === "running");
    await untilLive(`${markOfThisFile}9002`, 1);
    await menued.client.call("cancelRun", { params: { run: run.id }, body: { graceMs: 300 } });
    await run.until(messages, ({ type }) => type === "complete");
    expect(run.complete).toMatchObject({ outcome: "cancelled", stopConfirmed: false });
    expect((await menued.run("show")).text()).toBe("% Unknown\n");
  });

  test.each(["OpenSSH_for_Windows_9.5", "dropbear_2024.86", "Cisco-1.25"])(
    "%s that answers no question",
    async (ident) => {
      const commands: string[] = [];
      await using router = await openSsh2Server({
        ident,
        exec: (channel, command) => {
          commands.push(command);
          if (command === "show version") {
            channel.write("12.4\n");
            channel.exit(0);
            channel.end();
          } else if (command !== "reload") {
            channel.stderr.write("% Invalid input\n");
            channel.exit(1);
            channel.end();
          }
        },
      });
      await using own = await openHostedDaemon({ host: hostOf(router) });
      await knowHosts(own.home, router.knownHosts);
      expect((await own.run("show version")).text()).toBe("12.4\n");
      const questions = commands.length - 1;
      expect(questions).toBe(ident.startsWith("Cisco") ? 0 : 1);
      const run = new RunReading();
      const messages = readMessages(await own.stream("reload"));
      await run.until(messages, (event) => event.type === "status" && event.state === "running");
      await own.client.call("cancelRun", { params: { run: run.id }, body: { graceMs: 100 } });
      await run.until(messages, ({ type }) => type === "complete");
      expect(run.complete).toMatchObject({ outcome: "cancelled", stopConfirmed: false });
      expect(commands.slice(questions)).toEqual(["show version", "reload"]);
    },
  );

  test("a server that never answers the question is waited for once", async () => {
    const commands: string[] = [];
    await using mute = await openSsh2Server({
      ident: "OpenSSH_for_Windows_9.5",
      exec: (channel, command) => {
        commands.push(command);
        if (command !== "show") return;
        channel.exit(0);
        channel.end();
      },
    });
    await using own = await openHostedDaemon({ host: hostOf(mute) });
    await knowHosts(own.home, mute.knownHosts);
    for (const _ of [1, 2, 3]) expect((await own.run("show")).complete).toMatchObject({ exitCode: 0 });
    expect(commands.filter((command) => command !== "show")).toHaveLength(1);
  });
});
