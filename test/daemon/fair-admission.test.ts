import { expect, test } from "vitest";
import type { Run } from "../../protocol/run.ts";
import { openHostedDaemon } from "../support/hosted-daemon.ts";

test("a client's run is let in before those that another client queued earlier", async () => {
  await using daemon = await openHostedDaemon({
    flags: ["--pool-max-connections", "1", "--channels-per-connection", "1"],
  });
  const { client } = daemon;
  const start = async (by: string, command: string, stdinOpen = false): Promise<string> => {
    const headers = { "hostrun-client": by };
    const run = await client.call("createRun", { headers, body: { host: "web1", command, stdinOpen } });
    return run.id;
  };
  const first = await start("script", "cat", true);
  const queued: string[] = [];
  for (const name of ["a", "b", "c", "d"]) queued.push(await start("script", `echo ${name}`));
  const person = await start("person", "echo person");
  expect((await client.call("stats")).runs.queued).toBe(5);
  await client.call("runStdin", { params: { run: first }, body: { end: true } });
  const endings: Run[] = [];
  for (const run of [person, ...queued]) {
    for await (const event of client.subscribe(run)) if (event.event.type === "complete") break;
    endings.push(await client.call("getRun", { params: { run } }));
  }
  const [mine, ...others] = endings;
  // One of the script's was next, and then it was the person's turn.
  const later = others.filter(({ startedAt }) => (startedAt ?? "") >= (mine?.endedAt ?? "~"));
  expect(later.map(({ command }) => command)).toEqual(["echo b", "echo c", "echo d"]);
});

test("a run that waits begins when the limits are raised", async () => {
  await using daemon = await openHostedDaemon();
  const { client } = daemon;
  const one = { poolMaxConnections: 1, channelsPerConnection: 1 };
  await client.call("updateSettings", { body: one });
  const first = await client.call("createRun", { body: { host: "web1", command: "cat", stdinOpen: true } });
  const { id } = await client.call("createRun", { body: { host: "web1", command: "echo" } });
  expect((await client.call("stats")).runs.queued).toBe(1);
  await client.call("updateSettings", { body: { channelsPerConnection: 2 } });
  for await (const { event } of client.subscribe(id)) if (event.type === "complete") break;
  expect(await client.call("getRun", { params: { run: id } })).toMatchObject({ outcome: "exited" });
  expect((await client.call("getRun", { params: { run: first.id } })).state).toBe("running");
  await client.call("runStdin", { params: { run: first.id }, body: { end: true } });
});
