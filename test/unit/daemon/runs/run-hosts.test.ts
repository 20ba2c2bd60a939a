import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { ExpectedHosts, type RunPlace } from "../../../../daemon/runs/run-hosts.ts";
import { plainSessionSettings } from "../../../../daemon/transport/session-settings.ts";
import { plainHopSettings } from "../../../../daemon/transport/hop-settings.ts";

/** Hosts that count how often each is looked up, and a clock that goes on with each look at it. */
function open() {
  const lookedUp: (string | number)[] = [];
  const prepared: string[] = [];
  let now = 0;
  const place = (name: string): RunPlace => ({
    target: {
      name,
      address: name,
      port: 22,
      user: "root",
      identityFiles: [],
      identitiesOnly: false,
      hostKeyPolicy: "ask",
      settings: plainHopSettings,
      jump: [],
    },
    host: { id: null, name, address: name },
    loginShell: false,
    worker: "auto",
    session: plainSessionSettings,
  });
  const hosts = new ExpectedHosts(
    {
      resolve: (host) => {
        lookedUp.push(host);
        return Promise.resolve(place(String(host)));
      },
    },
    { prepare: ({ name }) => prepared.push(name) },
    { elapsed: () => (now += 1) },
  );
  return { hosts, lookedUp, prepared };
}

test("what is asked in one turn of the event loop is looked up once, and in the next one anew", async () => {
  const { hosts, lookedUp, prepared } = open();
  const web = { host: "web", agentSocket: null };
  const [one, other] = await Promise.all([hosts.resolve(web), hosts.resolve(web)]);
  expect(await hosts.resolve(web)).toBe(one);
  expect(other).toBe(one);
  expect(lookedUp).toEqual(["web"]);
  await nextTurn();
  expect(await hosts.resolve(web)).toMatchObject({ host: { name: "web" }, askedAt: one.askedAt + 1 });
  expect(lookedUp).toEqual(["web", "web"]);
  expect(prepared).toEqual(["web"]);
});

test("another host and another agent are looked up by themselves", async () => {
  const { hosts, lookedUp } = open();
  await hosts.resolve({ host: "web", agentSocket: null });
  await hosts.resolve({ host: "db", agentSocket: null });
  await hosts.resolve({ host: "web", agentSocket: "/tmp/agent" });
  expect(lookedUp).toEqual(["web", "db", "web"]);
});
