import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { HostTest, HostTestRequest } from "../../protocol/host-test.ts";
import type { TestStep } from "../../protocol/test-step.ts";
import { openCounter } from "../support/counter.ts";
import { type HostedDaemon, hostOf, knowHosts, openHostedDaemon } from "../support/hosted-daemon.ts";
import { problemOf } from "../support/http.ts";
import { freePort } from "../support/server-process.ts";
import { createKey } from "../support/ssh-key.ts";
import { openSshd, type Sshd } from "../support/sshd.ts";

const owned = new AsyncDisposableStack();
let daemon: HostedDaemon;
let bastion: Sshd;

beforeAll(async () => {
  daemon = owned.use(await openHostedDaemon());
  bastion = owned.use(await openSshd({ address: "127.0.0.2" }));
  await knowHosts(daemon.home, bastion.knownHosts);
  await add("bastion", hostOf(bastion));
  await add("behind", { ...hostOf(daemon.sshd), jump: ["bastion"] });
});
afterAll(() => owned.disposeAsync());

async function add(
  name: string,
  fields: ReturnType<typeof hostOf> & { readonly jump?: readonly string[] },
): Promise<void> {
  await daemon.client.call("createHost", { body: { ...fields, name, jump: [...(fields.jump ?? [])] } });
}

function tested(host: string, body: Partial<HostTestRequest> = {}): Promise<HostTest> {
  return daemon.client.call("testHost", { params: { host }, body });
}

/** As "connect web1 done". */
function lines(steps: readonly TestStep[] | undefined): string[] | undefined {
  return steps?.map(({ name, host, state }) => `${name} ${host} ${state}`);
}

const toBastion = ["resolve", "connect", "hostKey", "authentication"].map((name) => `${name} bastion done`);
const throughIt = ["connect", "hostKey", "authentication", "exec"].map((name) => `${name} behind done`);

test("a host behind a hop is tested step by step, and its hop, with times", async () => {
  const { ok, steps } = await tested("behind");
  expect(ok).toBe(true);
  expect(lines(steps)).toEqual(["configure behind done", ...toBastion, ...throughIt]);
  expect(steps[1]).toMatchObject({ hop: `${bastion.user}@127.0.0.2:${bastion.port}`, note: null });
  for (const { durationMs } of steps) expect(durationMs).toBeGreaterThanOrEqual(0);
});

test("a connection that is open is used, unless a new one is wanted", async () => {
  await tested("behind");
  const again = await tested("behind");
  expect(again.reusedConnection).toBe(true);
  expect(lines(again.steps)).toEqual(["configure behind done", "connect behind reused", "exec behind done"]);
  const fresh = await tested("behind", { fresh: true });
  expect(fresh.reusedConnection).toBe(false);
  expect(lines(fresh.steps)).toEqual(["configure behind done", "connect bastion reused", ...throughIt]);
});

test("the steps are told to everybody while they are made, by the name of the test", async () => {
  const end = new AbortController();
  const changes = daemon.client.changes({ after: "0.0", signal: end.signal });
  await changes.next();
  const told: (readonly TestStep[])[] = [];
  const reading = (async () => {
    for await (const { event } of changes) {
      if (event.type !== "hostTest" || event.testId !== "mine") continue;
      told.push(event.steps);
      if (event.steps.at(-1)?.name === "exec" && event.steps.at(-1)?.state === "done") return;
    }
  })();
  const [{ steps }] = await Promise.all([
    tested("behind", { testId: "mine", fresh: true }),
    tested("web1", { testId: "other" }),
  ]);
  await reading;
  end.abort();
  expect(told.at(-1)).toEqual(steps);
  expect(told.map((each) => lines(each)?.at(-1))).toContain("hostKey behind running");
});

test("what fails is the last step, of the hop that it is at", async () => {
  const port = await freePort("127.0.0.2");
  const stranger = owned.use(await openSshd({ address: "127.0.0.3" }));
  const other = await createKey(`${daemon.home}/other`, "ed25519");
  const web = hostOf(daemon.sshd);
  const cases = [
    ["lost-key", { ...web, identityFile: "/nowhere/key" }, "authentication lost-key failed"],
    ["no-name", { ...web, address: "nowhere.invalid" }, "resolve no-name failed"],
    ["nobody", { ...web, address: "127.0.0.2", port }, "connect nobody failed"],
    ["stranger", hostOf(stranger), "hostKey stranger failed"],
    ["other-key", { ...web, identityFile: other.path }, "authentication other-key failed"],
    ["behind-none", { ...web, jump: ["nobody"] }, "connect nobody failed"],
    ["behind-to-none", { ...web, port, jump: ["bastion"] }, "connect behind-to-none failed"],
  ] as const;
  for (const [name, fields] of cases) {
    await add(name, fields);
  }
  await writeFile(`${daemon.home}/.ssh/config`, "Host bound\n  HostName 127.0.0.1\n  BindInterface eth9\n");
  const all = [
    ...cases.map(([name, , last]) => [name, last] as const),
    ["bound", "configure bound failed"],
  ] as const;
  for (const [name, last] of all) {
    const { members, message } = await problemOf(tested(name));
    expect(lines(members.steps)?.at(-1), message).toBe(last);
    expect(members.steps?.slice(0, -1).map(({ state }) => state)).not.toContain("failed");
  }
});

test("an account that runs no commands is told, and one whose key forces a command is left alone", async () => {
  const refusing = owned.use(
    await openSshd({
      address: "127.0.0.4",
      options: { ForceCommand: "echo This account is closed.; exit 1" },
    }),
  );
  const counter = owned.use(await openCounter());
  const key = await createKey(`${daemon.home}/forced`, "ed25519");
  const forcing = owned.use(
    await openSshd({
      address: "127.0.0.5",
      authorizedKeys: [`command="${counter.command}" ${key.publicKey}`],
    }),
  );
  await knowHosts(daemon.home, refusing.knownHosts + forcing.knownHosts);
  await add("closed", hostOf(refusing));
  await add("forced", { ...hostOf(forcing), identityFile: key.path });
  const closed = await tested("closed");
  expect(closed).toMatchObject({ ok: true });
  expect(closed.steps.at(-1)).toMatchObject({
    name: "exec",
    state: "failed",
    note: "This account is closed.",
  });
  const { steps } = await tested("forced");
  expect(steps.at(-1)).toMatchObject({ name: "exec", state: "skipped", durationMs: null });
  expect(await counter.count()).toBe(0);
});
