import { afterAll, expect, test } from "vitest";
import { Change } from "../../protocol/change.ts";
import { openHostedDaemon } from "../support/hosted-daemon.ts";
import { readMessages, type SseMessage } from "../support/run-stream.ts";

const daemon = await openHostedDaemon();
afterAll(() => daemon[Symbol.asyncDispose]());

/** The feed of changes, each parsed by the protocol's schema. */
async function follow(after?: string) {
  const headers = after === undefined ? {} : { "last-event-id": after };
  const stream = await daemon.http.open("GET", "/api/events", { headers });
  expect(stream.statusCode).toBe(200);
  const messages = readMessages(stream);
  const seen: Change[] = [];
  const take = ({ id, data }: SseMessage) => {
    const change = Change.parse(data);
    seen.push(change);
    return { ...change, feedId: id };
  };
  return {
    seen,
    next: async (type?: Change["type"]) => {
      for (;;) {
        const next = await messages.next();
        if (next.done === true) throw new Error("The feed ended");
        const change = take(next.value);
        if (type === undefined || change.type === type) return change;
      }
    },
    close: () => stream.destroy(),
  };
}

test("the feed begins with a reset and tells of hosts, runs, connections and settings", async () => {
  const feed = await follow();
  expect(await feed.next()).toMatchObject({ type: "reset" });
  const body = { name: "told", address: "10.0.0.9" };
  const created = await daemon.client.call("createHost", { body });
  // What ssh itself says of it is only asked for where one host is looked at.
  const { effective: _, notHonoured: _none, ...host } = created;
  expect(host.configAt).toBeNull();
  expect(await feed.next()).toMatchObject({ type: "hostSaved", host });
  await daemon.client.call("updateHost", { params: { host: "told" }, body: { tags: ["x"] } });
  expect(await feed.next()).toMatchObject({ type: "hostSaved", host: { name: "told", tags: ["x"] } });
  await daemon.client.call("deleteHost", { params: { host: "told" } });
  expect(await feed.next()).toMatchObject({ type: "hostDeleted", id: host.id, name: "told" });

  const run = await daemon.run("echo hi");
  const states: string[] = [];
  while (states.at(-1) !== "ended") {
    const change = await feed.next("runChanged");
    if (change.type === "runChanged" && change.run.id === run.id) states.push(change.run.state);
  }
  expect(states).toEqual(["queued", "connecting", "running", "ended"]);
  await daemon.client.call("updateSettings", { body: { historyDays: 9 } });
  expect(await feed.next("settingsChanged")).toMatchObject({ settings: { historyDays: 9 } });
  expect(feed.seen.some(({ type }) => type === "connectionOpened")).toBe(true);
  const { items } = await daemon.client.call("listConnections");
  for (const { id } of items) await daemon.client.call("closeConnection", { params: { connection: id } });
  expect(await feed.next("connectionClosed")).toMatchObject({ connection: { id: items[0]?.id } });
  await daemon.client.call("deleteRun", { params: { run: run.id } });
  expect(await feed.next("runDeleted")).toMatchObject({ type: "runDeleted" });
  feed.close();
});

test("a feed goes on behind the last change that was taken in", async () => {
  const first = await follow();
  await first.next("reset");
  await daemon.client.call("updateSettings", { body: { historyDays: 10 } });
  const { feedId } = await first.next("settingsChanged");
  first.close();
  await daemon.client.call("updateSettings", { body: { historyDays: 11 } });
  await daemon.client.call("updateSettings", { body: { historyDays: 12 } });
  const second = await follow(feedId);
  expect(await second.next()).toMatchObject({ type: "settingsChanged", settings: { historyDays: 11 } });
  expect(await second.next()).toMatchObject({ type: "settingsChanged", settings: { historyDays: 12 } });
  second.close();
});

test.each(["0badcafe.3", "nonsense", "0badcafe.999999"])(
  "after %s it begins anew with a reset",
  async (after) => {
    const feed = await follow(after);
    expect(await feed.next()).toMatchObject({ type: "reset" });
    feed.close();
  },
);

test("a password in redisUrl is in no change", async () => {
  const feed = await follow();
  await feed.next("reset");
  await daemon.client.call("updateSettings", { body: { redisUrl: "redis://:hidden@127.0.0.1:1" } });
  const change = await feed.next("settingsChanged");
  expect(JSON.stringify(change)).not.toContain("hidden");
  await daemon.client.call("updateSettings", { body: { redisUrl: null } });
  feed.close();
});
