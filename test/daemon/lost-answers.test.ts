import { once } from "node:events";
import { rename } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openDaemon } from "../../client/daemon.ts";
import { Problem } from "../../protocol/problem.ts";
import { openCli } from "../support/cli.ts";
import { openCounter } from "../support/counter.ts";
import { openSshd } from "../support/sshd.ts";

await using stack = new AsyncDisposableStack();
const sshd = stack.use(await openSshd());
const cli = stack.use(await openCli(sshd));
const web2 = [`${sshd.user}@${sshd.address}:${sshd.port}`, "--identity-file", sshd.clientKey.path];
expect(await cli.run(["hosts", "add", "web2", ...web2])).toMatchObject({ status: 0 });
const socket = join(cli.stateDirectory, "daemon.sock");
const behind = join(cli.stateDirectory, "behind.sock");
await rename(socket, behind);
/** Paths of the POST requests that came, with whether their answer was dropped. */
let posts: { path: string; dropped: boolean }[] = [];
/** How many of the next answers are dropped: the daemon has done what it was asked for, and nobody hears of it. */
let drops = 0;
const proxy = createServer((client) => {
  const daemon = connect(behind);
  let isDropped = false;
  client.on("data", (data) => {
    const path = /^POST (\/api\/(?:jobs|runs)\S*)/.exec(data.toString("latin1"))?.[1];
    if (path !== undefined) {
      isDropped = drops > 0;
      drops -= Number(isDropped);
      posts.push({ path, dropped: isDropped });
    }
    daemon.write(data);
  });
  daemon.on("data", (data) => (isDropped ? client.destroy() : client.write(data)));
  for (const [side, other] of [
    [client, daemon],
    [daemon, client],
  ] as const) {
    side.on("error", () => undefined);
    side.on("close", () => other.destroy());
  }
});
proxy.listen(socket);
await once(proxy, "listening");
const client = stack.use(await openDaemon({ stateDirectory: cli.stateDirectory }));
const owned = stack.move();
afterAll(async () => {
  proxy.close();
  await rename(behind, socket);
  await owned.disposeAsync();
});

/** Of one answer that is lost. */
function expectOnce(path: string): void {
  expect(posts).toEqual([
    { path, dropped: true },
    { path, dropped: false },
  ]);
  posts = [];
}

test("the command line starts a job once where the answer is lost, and so it does again", async () => {
  await using counter = await openCounter();
  drops = 1;
  const command = `${counter.command}; false`;
  const run = await cli.run(["run", "web1", "web2", "--json", "--", command]);
  expect(run.status).toBe(1);
  expectOnce("/api/jobs");
  expect(await counter.count()).toBe(2);
  const { items } = await client.call("listJobs");
  expect(items).toHaveLength(1);
  drops = 1;
  const again = await cli.run(["jobs", "rerun", items[0]?.id ?? "", "--only", "failed"]);
  expect(again.status).toBe(1);
  expectOnce(`/api/jobs/${items[0]?.id}/rerun`);
  expect(await counter.count()).toBe(4);
  expect((await client.call("listJobs")).items).toHaveLength(2);
});

test("what a client starts it starts once, over connections that are kept, too", async () => {
  await using counter = await openCounter();
  const { command } = counter;
  drops = 1;
  const job = await client.call("createJob", { body: { targets: ["web1"], command } });
  expectOnce("/api/jobs");
  drops = 1;
  const again = await client.call("rerunJob", { params: { job: job.id }, body: { only: "all" } });
  expectOnce(`/api/jobs/${job.id}/rerun`);
  expect(again.id).not.toBe(job.id);
  drops = 1;
  const run = await client.call("createRun", { body: { host: "web1", command } });
  expectOnce("/api/runs");
  drops = 1;
  const rerun = await client.call("rerun", { params: { run: run.id }, body: {} });
  expectOnce(`/api/runs/${run.id}/rerun`);
  for (const { id } of [job, again]) for await (const _ of client.jobEvents(id));
  for (const { id } of [run, rerun]) for await (const _ of client.subscribe(id));
  expect(await counter.count()).toBe(4);
});

test("an answer that is lost twice is a failure, and the request is not sent a third time", async () => {
  drops = 2;
  const { stateDirectory } = cli;
  await using other = await openDaemon({ stateDirectory, keepConnections: false });
  const failure = other.call("createRun", { body: { host: "web1", command: "true" } });
  await expect(failure).rejects.toThrow(Problem);
  expect(posts).toHaveLength(2);
  posts = [];
});

test("what has no key is not sent again", async () => {
  const { id } = await client.call("createRun", { body: { host: "web1", command: "true" } });
  posts = [];
  drops = 1;
  await expect(client.call("cancelRun", { params: { run: id }, body: {} })).rejects.toThrow(Problem);
  expect(posts).toEqual([{ path: `/api/runs/${id}/cancel`, dropped: true }]);
});
