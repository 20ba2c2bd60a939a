import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, expect, test } from "vitest";
import { openTestDaemon } from "../support/daemon.ts";
import { openDirectory } from "../support/directory.ts";
import { knowHosts } from "../support/hosted-daemon.ts";
import { loginMethods, names, tryFeatures } from "../support/interoperability/features.ts";
import { readMatrix } from "../support/interoperability/matrix.ts";
import { type MatrixServer, serverPrograms } from "../support/interoperability/servers.ts";
import { processesOf } from "../support/processes.ts";
import { endProcesses } from "../support/server-process.ts";
import { openSshd } from "../support/sshd.ts";

await using starting = new AsyncDisposableStack();
const directory = starting.use(await openDirectory());
const behind = starting.use(await openSshd());
await knowHosts(directory.path, behind.knownHosts);
const daemon = starting.use(await openTestDaemon({ home: directory.path }));
const matrix = await readMatrix();
const owned = starting.move();
afterAll(() => owned.disposeAsync());

/** Has the server in ~/.ssh/config and ~/.ssh/known_hosts, as the only one. */
async function configure({ address, port, user, config, knownHosts = "" }: MatrixServer): Promise<void> {
  const block = (name: string, ...lines: readonly string[]): string =>
    [`Host ${name}`, ...lines, ""].join("\n  ");
  const own = [`HostName ${address}`, `Port ${port}`, `User ${user}`, ...config];
  const other = [`HostName ${behind.address}`, `Port ${behind.port}`, `User ${behind.user}`];
  const blocks = [
    block(names.whole, ...own),
    ...loginMethods.map((method) => block(names[method], ...own, `PreferredAuthentications ${method}`)),
    block(names.behind, ...other, `IdentityFile ${behind.clientKey.path}`, `ProxyJump ${names.whole}`),
  ];
  await knowHosts(directory.path, knownHosts);
  await writeFile(join(directory.path, ".ssh/config"), `${blocks.join("\n")}\n`);
}

/** The authentication methods that the server names to the real `ssh`. */
async function offeredBy({ address, port, user }: MatrixServer): Promise<string[]> {
  const options = [
    "-F",
    "none",
    "-oBatchMode=yes",
    "-oStrictHostKeyChecking=no",
    "-oUserKnownHostsFile=/dev/null",
  ];
  const args = [
    ...options,
    "-v",
    "-oPreferredAuthentications=none",
    "-p",
    String(port),
    `${user}@${address}`,
  ];
  const ssh = spawn("ssh", [...args, "true"], { stdio: ["ignore", "ignore", "pipe"] });
  const [said] = await Promise.all([text(ssh.stderr), once(ssh, "close")]);
  return /Authentications that can continue: (\S+)/.exec(said)?.[1]?.split(",") ?? [];
}

test("the matrix in docs/interoperability.md has a row for each server", () => {
  expect(matrix.map(({ server }) => server)).toEqual(Object.keys(serverPrograms));
});

test.each(matrix)("$server", { timeout: 180_000 }, async ({ server: name, cells }) => {
  await using server = await serverPrograms[name]?.();
  if (server === undefined) throw new Error("There is no such server");
  await configure(server);
  const seen = await tryFeatures({
    daemon,
    user: server.user,
    offered: await offeredBy(server),
    answer: (label) => server.answer(label),
  });
  // What could not be cancelled goes on.
  endProcesses(await processesOf(server.user, /./));
  expect(seen).toEqual(cells);
});
