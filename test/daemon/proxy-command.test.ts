import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openTestDaemon } from "../support/daemon.ts";
import { knowHosts, openStream } from "../support/hosted-daemon.ts";
import { RunReading } from "../support/run-stream.ts";
import { openSshd } from "../support/sshd.ts";

await using stack = new AsyncDisposableStack();
const daemon = stack.use(
  await openTestDaemon({ environment: { HOSTRUN_LOG_LEVEL: "info", ELECTRON_RUN_AS_NODE: "1" } }),
);
const sshd = stack.use(await openSshd());
const owned = stack.move();
afterAll(() => owned.disposeAsync());

await knowHosts(daemon.home, sshd.knownHosts);
await mkdir(join(daemon.home, ".ssh"), { recursive: true });

async function configure(...lines: string[]): Promise<void> {
  const common = [
    `HostName ${sshd.address}`,
    `Port ${sshd.port}`,
    `User ${sshd.user}`,
    `IdentityFile ${sshd.clientKey.path}`,
  ];
  const text = ["Host web", ...common, ...lines].join("\n  ");
  await writeFile(join(daemon.home, ".ssh/config"), `${text}\n`);
}

async function runOn(host: string): Promise<RunReading> {
  return new RunReading().follow(await openStream(daemon, "echo in", { host }));
}

const path = (name: string): string => join(daemon.home, name);

test("a host is reached through its ProxyCommand, with its tokens, by exec and in the person's environment", async () => {
  await configure(
    `ProxyCommand sh -c 'echo "%h %p %r %n %% $PPID $HOME $HOSTRUN_LOG_LEVEL$ELECTRON_RUN_AS_NODE" > ${path("told")}; exec socat STDIO TCP:%h:%p'`,
  );
  expect((await runOn("web")).text()).toBe("in\n");
  // The shell's parent is the daemon: it was replaced by the command.
  expect(await readFile(path("told"), "utf8")).toBe(
    `${sshd.address} ${sshd.port} ${sshd.user} web % ${daemon.pid} ${daemon.home} \n`,
  );
});

test("a Match exec and a KnownHostsCommand run in the person's environment too", async () => {
  const env = (name: string): string => `env > ${path(name)}`;
  await writeFile(path("known.sh"), `#!/bin/sh\n${env("by-known")}\n`, { mode: 0o700 });
  await configure(`KnownHostsCommand ${path("known.sh")}`, `Match exec "${env("by-match")}"`);
  expect((await runOn("web")).text()).toBe("in\n");
  for (const name of ["by-match", "by-known"]) {
    const variables = await readFile(path(name), "utf8");
    expect(variables).toContain(`HOME=${daemon.home}\n`);
    expect(variables).not.toMatch(/^(?:HOSTRUN|ELECTRON)_/m);
  }
});

test("a ProxyCommand ends with its connection, and so does all that it started", async () => {
  await configure(
    `ProxyCommand sh -c 'sleep 1000 & echo $! > ${path("pid")}; socat STDIO TCP:%h:%p' # killed`,
  );
  expect((await runOn("web")).text()).toBe("in\n");
  const pid = Number(await readFile(path("pid"), "utf8"));
  expect(() => process.kill(pid, 0)).not.toThrow();
  for (const { id } of (await daemon.client.call("listConnections")).items) {
    await daemon.client.call("closeConnection", { params: { connection: id } });
  }
  await expect.poll(() => isRunning(pid), { timeout: 30_000 }).toBe(false);
});

/** A process that was killed and that nobody has waited for is none. */
async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "State:\tX");
  return !/^State:\t[XZ]/m.test(status);
}

test("what a ProxyCommand says when it fails is in the problem, made visible and cut", async () => {
  await configure(
    String.raw`ProxyCommand sh -c 'printf "no \033[31mway\n" >&2; head -c 100000 /dev/zero | tr "\\0" x >&2; printf "last" >&2; exit 3'`,
  );
  const { problem } = await runOn("web");
  expect(problem).toMatchObject({
    code: "host_unreachable",
    members: { reason: "proxy_command", host: "web" },
  });
  expect(problem.message).toContain("Its ProxyCommand ended with status 3: ");
  expect(problem.message.length).toBeLessThan(500);
  await configure(String.raw`ProxyCommand sh -c 'printf "no \033[31mway\n\nbye\n" >&2; exit 3'`);
  expect((await runOn("web")).problem.message).toContain(String.raw`status 3: no \e[31mway; bye.`);
});

test("one that prints no SSH is told, and one that does not answer is ended with the time to connect", async () => {
  await configure("ProxyCommand echo hello");
  expect((await runOn("web")).problem.message).toContain("ProxyCommand ended with status 0");
  await configure(`ProxyCommand sh -c 'echo $$ > ${path("silent")}; exec sleep 1000'`, "ConnectTimeout 1");
  const { problem } = await runOn("web");
  expect(problem).toMatchObject({ code: "timed_out" });
  const pid = Number(await readFile(path("silent"), "utf8"));
  await expect.poll(() => isRunning(pid), { timeout: 30_000 }).toBe(false);
});

test("`none` is no command, and the first of ProxyJump and ProxyCommand counts", async () => {
  await configure("ProxyCommand none", "ProxyCommand false");
  expect((await runOn("web")).text()).toBe("in\n");
  await configure("ProxyCommand socat STDIO TCP:%h:%p", "ProxyJump nowhere.invalid");
  expect((await runOn("web")).text()).toBe("in\n");
});
