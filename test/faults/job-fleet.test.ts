import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { JobEvent } from "../../protocol/job-event.ts";
import { openTestDaemon } from "../support/daemon.ts";
import { openDirectory } from "../support/directory.ts";
import { times } from "../support/fault-counts.ts";
import { hostOf, knowHosts } from "../support/hosted-daemon.ts";
import { readMessages } from "../support/run-stream.ts";
import { freePort } from "../support/server-process.ts";
import { openSshd } from "../support/sshd.ts";
import { openTcpPeer } from "../support/tcp-peer.ts";

const run = promisify(execFile);

/** How many hosts of each kind: those that hang, those that refuse, those that print much, and all others. */
const few = times(3, 50);
const good = times(12, 350);
const muchBytes = times(1_000_000, 10_000_000);

await using starting = new AsyncDisposableStack();
const directory = starting.use(await openDirectory());
// Each address of loopback is a host of its own.
const sshd = starting.use(await openSshd({ address: "0.0.0.0", options: { MaxStartups: 600 } }));
const silent = starting.use(await openTcpPeer());
await knowHosts(
  directory.path,
  sshd.hostKeys.map((key) => `[127.*]:${sshd.port} ${key.publicKey}\n`).join(""),
);
const daemon = starting.use(
  await openTestDaemon({ stateDirectory: directory.join("state"), home: directory.path }),
);
const owned = starting.move();
afterAll(() => owned.disposeAsync());
const { client } = daemon;

const names = (kind: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${kind}${String(index + 1).padStart(3, "0")}`);

/** `web` and `big` are served at an address of their own kind: the command can tell them apart. */
const addressOf = (kind: number, index: number): string => `127.${kind}.${index >> 7}.${(index & 127) + 1}`;

beforeAll(async () => {
  const server = hostOf(sshd);
  const refusing = await freePort();
  const bodies = [
    ...names("web", good).map((name, index) => ({ name, address: addressOf(1, index) })),
    ...names("big", few).map((name, index) => ({ name, address: addressOf(2, index) })),
    ...names("hung", few).map((name) => ({ name, address: "127.0.0.1", port: silent.port })),
    ...names("shut", few).map((name) => ({ name, address: "127.0.0.1", port: refusing })),
  ];
  for (const body of bodies) await client.call("createHost", { body: { ...server, ...body } });
});

/** The third word of SSH_CONNECTION is the address at which a host is reached. */
const here = "set -- $SSH_CONNECTION; case $3 in";

test("of hosts that hang, refuse and print much each row tells its truth, and the rest is on time", {
  timeout: times(60_000, 600_000),
}, async () => {
  const command = `${here} 127.2.*) head -c ${muchBytes} /dev/zero | tr '\\0' x;; *) echo small;; esac`;
  const body = { targets: ["web*", "big*", "hung*", "shut*"], command, connectTimeoutMs: 600_000 };
  const { id } = await client.call("createJob", { body });
  const stream = await daemon.http.open("GET", `/api/jobs/${id}/events?output=0`);
  const ended = new Map<string, number>();
  for await (const { data } of readMessages(stream)) {
    const event = JobEvent.parse(data);
    if (event.type !== "complete") continue;
    ended.set(event.runId, (ended.get(event.runId) ?? 0) + 1);
    if (ended.size < good + 2 * few) continue;
    if (ended.size === good + 2 * few) {
      // Nobody has waited for those that hang, which still do.
      const { counts } = await client.call("getJob", { params: { job: id } });
      expect(counts).toMatchObject({ exited0: good + few, failed: few, connecting: few });
      await silent[Symbol.asyncDispose]();
    }
  }
  expect([...ended.values()]).toEqual(Array.from({ length: good + 3 * few }, () => 1));
  const { outcome, counts } = await client.call("getJob", { params: { job: id } });
  expect(outcome).toBe("failed");
  expect(Object.entries(counts).filter(([, count]) => count > 0)).toEqual([
    ["exited0", good + few],
    ["failed", 2 * few],
  ]);
  const query = { limit: "1000", sort: "host" } as const;
  const { items } = await client.call("listJobRuns", { params: { job: id }, query });
  for (const { host, outcome: ending, stdoutBytes, problem } of items) {
    const kind = host.name.replace(/\d+$/, "");
    const bytes = { web: 6, big: muchBytes, hung: 0, shut: 0 }[kind];
    const reached = kind === "web" || kind === "big";
    expect([host.name, ending, stdoutBytes, problem === null]).toEqual([
      host.name,
      reached ? "exited" : "failed",
      bytes,
      reached,
    ]);
  }
  const groups = await client.call("jobGroups", { params: { job: id }, query: { by: "stdout" } });
  expect(groups.items.map(({ count }) => count)).toEqual([good, 2 * few, few]);
});

/** What `clush -b` writes: each output below a head of its hosts. */
function parseGathered(text: string): Map<string, string> {
  const rule = "-".repeat(15);
  const [, ...parts] = text.split(`${rule}\n`);
  const groups = new Map<string, string>();
  for (let at = 0; at + 1 < parts.length; at += 2) {
    groups.set((parts[at] ?? "").replace(/ \(\d+\)\n$|\n$/, ""), parts[at + 1] ?? "");
  }
  return groups;
}

test("groups have the names and the output that clush -b gives them", async () => {
  const config = directory.join("clush_config");
  const hosts = names("web", 12);
  await writeFile(
    config,
    [
      ...hosts.flatMap((name, index) => [`Host ${name}`, `  HostName ${addressOf(1, index)}`]),
      "Host *",
      `  Port ${sshd.port}`,
      `  User ${sshd.user}`,
      `  IdentityFile ${sshd.clientKey.path}`,
      `  UserKnownHostsFile ${join(directory.path, ".ssh/known_hosts")}`,
      "",
    ].join("\n"),
  );
  const command = `${here} *.3|*.7) echo three or seven; echo more;; *.12) printf 'no newline';; *.1) ;; *) echo same;; esac`;
  const { stdout } = await run(
    "clush",
    ["-b", "-q", "-n", "-o", `-F ${config}`, "-w", hosts.join(), command],
    { env: { PATH: process.env["PATH"], HOME: directory.path } },
  );
  const expected = parseGathered(stdout);
  expect(expected.size).toBe(3);
  const job = await client.call("createJob", { body: { targets: hosts, command } });
  const stream = await daemon.http.open("GET", `/api/jobs/${job.id}/events?output=0`);
  for await (const _ of readMessages(stream)) {
    // To its end.
  }
  const { items } = await client.call("jobGroups", { params: { job: job.id }, query: { by: "stdout" } });
  const ours = new Map<string, string>();
  for (const { hosts: folded, runId } of items) {
    const output = await daemon.http.ask("GET", `/api/runs/${runId}/output?stream=stdout`);
    const text = output.bytes.toString();
    // clush shows no host that printed nothing, and ends each line.
    if (text !== "") ours.set(folded, text.endsWith("\n") ? text : `${text}\n`);
  }
  expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(expected));
  expect(items[0]?.count).toBe(8);
});
