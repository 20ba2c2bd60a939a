import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import type { Host } from "../../protocol/host.ts";
import { openTestDaemon, type TestDaemon } from "../support/daemon.ts";
import { openDirectory } from "../support/directory.ts";
import { hostOf, knowHosts, openStream } from "../support/hosted-daemon.ts";
import { matching } from "../support/matching.ts";
import { RunReading, readMessages } from "../support/run-stream.ts";
import { openSshd } from "../support/sshd.ts";

/** What is set in a row of its own, and the members that cannot be read then. */
type Damage = readonly [what: string, set: string, damaged: readonly string[]];

const hostDamages: readonly Damage[] = [
  ["a jump that is no JSON", `jump = '["web1'`, ["jump"]],
  ["a jump of another type", `jump = '{"via": "web1"}'`, ["jump"]],
  ["a jump that no host can be", `jump = '["-oProxyCommand=x"]'`, ["jump"]],
  ["tags that are no list of text", `tags = '[1, null]'`, ["tags"]],
  ["an unknown policy", `host_key_policy = 'trustAll'`, ["hostKeyPolicy"]],
  ["an unknown source", `source = 'ansible'`, ["source"]],
  ["an address that is none", `address = '$(id)'`, ["address"]],
  ["a port that is none", `port = 99999`, ["port"]],
  ["a user that is none", `user = 'a;b'`, ["user"]],
  ["a color that is none", `color = 'javascript:'`, ["color"]],
  ["a group with a newline", `group_path = 'a' || char(10) || 'b'`, ["group"]],
  ["a time that is none", `created_at = 'yesterday', updated_at = ''`, ["createdAt", "updatedAt"]],
  [
    "hardly anything",
    `address = '', port = -1, jump = 'null', tags = ''`,
    ["address", "port", "jump", "tags"],
  ],
];
const harmless = new Set(["tags", "color", "group", "createdAt", "updatedAt", "source"]);

const runDamages: readonly Damage[] = [
  ["options that are no JSON", `options = '{"useBash":tr'`, ["options"]],
  ["an option of another type", `options = '{"env": ["A=1"]}'`, ["options"]],
  ["timings that are no JSON", `timings = ''`, ["timings"]],
  ["timings of another type", `timings = '{"queueMs": "soon"}'`, ["timings"]],
  ["a problem that is no JSON", `problem = '{"code":'`, ["problem"]],
  ["a problem of another type", `problem = '"host_unreachable"'`, ["problem"]],
  ["an unknown state", `state = 'paused'`, ["state"]],
  ["sizes below nothing", `stdout_bytes = -1, stderr_bytes = -2`, ["stdoutBytes", "stderrBytes"]],
  ["a size beyond all numbers", `truncated_bytes = 9223372036854775807`, ["truncatedBytes"]],
  [
    "times that are none",
    `created_at = 'then', started_at = '', ended_at = '!'`,
    ["createdAt", "startedAt", "endedAt"],
  ],
  ["what another version wrote more", `options = '{"worker":"auto","secret":[]}'`, []],
  ["what another version wrote less", `timings = '{}', options = '{}'`, []],
  ["a problem of another version", `problem = '{"code":"worker_broken","detail":"It broke."}'`, []],
];

/** Of the events of an ended run, which has `init`, two states, output of both streams and `complete`. */
const eventDamages: readonly (readonly [what: string, set: string, where: string])[] = [
  ["its first event is cut off", `body = substr(body, 1, 30)`, "seq = 1"],
  ["its first event is of another version", `body = CAST('{"type":"begun"}' AS BLOB)`, "seq = 1"],
  ["a state is no text", `body = X'80'`, "seq = 2"],
  ["its last event is empty", `body = X''`, "stream IS NULL AND seq > 2"],
  ["times are none", `at = 'noon'`, "stream IS NULL"],
  ["all but output is damaged", `body = CAST('null' AS BLOB)`, "stream IS NULL"],
];
const outputDamages: readonly (readonly [what: string, set: string])[] = [
  ["of another stream", `stream = 'stdlog'`],
  ["without its place", `start = NULL`],
  ["before its beginning", `start = -5`],
];

const planDamages = [
  ["that is no JSON", `plan = substr(plan, 1, 20)`],
  ["without its address", `plan = json_remove(plan, '$.target.address')`],
  ["with an address that is none", `plan = json_set(plan, '$.target.address', '-oProxyCommand=x')`],
  ["of another type", `plan = '[]'`],
] as const;
const openDamages = [
  [
    "events are damaged",
    `UPDATE events SET body = CAST('{"type":"gap"' AS BLOB) WHERE stream IS NULL AND run = ?`,
  ],
  ["numbers are damaged", `UPDATE events SET seq = 9223372036854775807 WHERE seq = 2 AND run = ?`],
  ["options are damaged", `UPDATE runs SET options = '' WHERE number = ?`],
  ["the state is damaged", `UPDATE runs SET state = 'dreaming' WHERE number = ?`],
] as const;

const nobody = "x".repeat(36);

await using stack = new AsyncDisposableStack();
// What the durable runs leave on their host, which nobody can tidy up any more.
stack.defer(async () => {
  const base = `/var/tmp/hostrun-${process.getuid?.()}`;
  // Some may be writing their last file still.
  const tidily = { recursive: true, force: true, maxRetries: 20 } as const;
  for (const id of planned) await rm(join(base, id), tidily);
});
const directory = stack.use(await openDirectory());
const sshd = stack.use(await openSshd());
const owned = stack.move();
afterAll(() => owned.disposeAsync());
const command = "echo out; echo err >&2; exit 3";
/** Until the directory of the test is gone. */
const lasting = `while [ -e ${directory.path} ]; do echo goes on; sleep 0.05; done`;
const places = { home: directory.path, stateDirectory: directory.join("state") };

let daemon: TestDaemon;
let log = "";
const hosts: Host[] = [];
let good = "";
const runs: string[] = [];
const records: string[] = [];
const outputs: string[] = [];
const opened: string[] = [];
const planned: string[] = [];

let prepared: Promise<void> | undefined;
beforeEach(() => (prepared ??= prepare()));

/** Fills a store, kills its daemon, damages what it left, and starts the next one on that. */
async function prepare(): Promise<void> {
  await knowHosts(directory.path, sshd.knownHosts);
  {
    await using first = await openTestDaemon(places);
    await first.client.call("createHost", { body: hostOf(sshd) });
    const rest = { jump: ["web1"], tags: ["t"], group: "g", color: "charts.red" };
    for (const index of [...hostDamages.keys(), hostDamages.length]) {
      const body = { ...hostOf(sshd), ...rest, name: `spoiled${index}` };
      hosts.push(await first.client.call("createHost", { body }));
    }
    const run = async (text: string): Promise<string> =>
      (await new RunReading().follow(await openStream(first, text))).id;
    const underWay = async (options: object): Promise<string> => {
      const reading = new RunReading();
      const messages = readMessages(await openStream(first, lasting, options));
      await reading.until(messages, ({ type }) => type === "output");
      return reading.id;
    };
    good = await run("echo good");
    const ids = async (list: string[], count: number): Promise<void> => {
      for (let index = 0; index < count; index += 1) list.push(await run(command));
    };
    await ids(runs, runDamages.length + 1);
    await ids(records, eventDamages.length);
    await ids(outputs, outputDamages.length);
    for (const _ of planDamages) planned.push(await underWay({ durable: true }));
    for (const _ of openDamages) opened.push(await underWay({}));
    await first.kill("SIGKILL");
  }
  spoil(new Sqlite(join(places.stateDirectory, "hostrun.db")));
  await rm(join(places.stateDirectory, "daemon.json"));
  daemon = owned.use(await openTestDaemon(places));
  await daemon.client.call("listHosts");
  await daemon.client.call("listRuns", { query: { limit: "500" } });
  log = await readFile(join(places.stateDirectory, "daemon.log"), "utf8");
}

function spoil(sql: Sqlite.Database): void {
  const change = (text: string, ...values: unknown[]): void => {
    expect(sql.prepare(text).run(...values).changes, text).toBeGreaterThan(0);
  };
  const number = (id = ""): unknown => sql.prepare("SELECT number FROM runs WHERE id = ?").pluck().get(id);
  for (const [index, [, set]] of hostDamages.entries()) {
    change(`UPDATE hosts SET ${set} WHERE name = ?`, `spoiled${index}`);
  }
  change("UPDATE hosts SET name = 'a b;c' WHERE name = ?", `spoiled${hostDamages.length}`);
  for (const [index, [, set]] of runDamages.entries())
    change(`UPDATE runs SET ${set} WHERE id = ?`, runs[index]);
  for (const [index, [, set, where]] of eventDamages.entries()) {
    change(`UPDATE events SET ${set} WHERE ${where} AND run = ?`, number(records[index]));
  }
  for (const [index, [, set]] of outputDamages.entries()) {
    change(`UPDATE events SET ${set} WHERE stream = 'stdout' AND run = ?`, number(outputs[index]));
  }
  for (const [index, [, set]] of planDamages.entries()) {
    change(`UPDATE durable_runs SET ${set} WHERE run = ?`, number(planned[index]));
  }
  for (const [index, [, text]] of openDamages.entries()) change(text, number(opened[index]));
  change("UPDATE runs SET id = ? WHERE id = ?", nobody, runs.at(-1));
  change("UPDATE meta SET value = '' WHERE name = 'epoch'");
  change("UPDATE login_shells SET shell = 'powershell'");
  sql.close();
}

/** What the log has of a row. */
function told(table: string, row: number | string): string | undefined {
  const place = new RegExp(`"table":${JSON.stringify(table)},"row":${JSON.stringify(row)}[,}]`);
  return log.split("\n").find((line) => line.includes(`"level":"warn"`) && place.test(line));
}

async function follow(id: string): Promise<RunReading> {
  return new RunReading().follow(await daemon.http.open("GET", `/api/runs/${id}/events`));
}

test("what is whole is as it was, and commands run", async () => {
  const run = await daemon.client.call("getRun", { params: { run: good } });
  expect(run).toMatchObject({ outcome: "exited", exitCode: 0 });
  expect(run.damaged).toBeUndefined();
  expect((await follow(good)).text()).toBe("good\n");
  const again = await daemon.client.call("rerun", { params: { run: good }, body: {} });
  expect((await follow(again.id)).text()).toBe("good\n");
  expect(told("hosts", 1)).toBeUndefined();
});

describe.each(hostDamages.map((damage, index) => ({ what: damage[0], damaged: damage[2], index })))(
  "a host with $what",
  ({ damaged, index }) => {
    const name = `spoiled${index}`;
    const params = { host: name };
    const risky = damaged.some((member) => !harmless.has(member));

    test("is listed as damaged, and the log has it", async () => {
      const { items } = await daemon.client.call("listHosts");
      const host = items.find((item) => item.name === name);
      expect(new Set(host?.damaged)).toEqual(new Set(damaged));
      expect(await daemon.client.call("getHost", { params })).toEqual(host);
      expect(told("hosts", hosts[index]?.id ?? 0)).toContain(JSON.stringify(host?.damaged));
    });

    test(`is ${risky ? "not run on by guess, until it is set again" : "run on all the same"}`, async () => {
      const run = (): Promise<unknown> =>
        daemon.client.call("createRun", { body: { host: name, command: "true" } });
      if (risky) {
        await expect(run()).rejects.toMatchObject({
          code: "conflict",
          message: matching(/are damaged: /),
        });
        // What is still damaged stays so.
        await daemon.client.call("updateHost", { params, body: { color: null } });
        await expect(run()).rejects.toMatchObject({ code: "conflict" });
        const { address, port, user } = hostOf(sshd);
        await daemon.client.call("updateHost", {
          params,
          body: { address, port, user, jump: [], hostKeyPolicy: null },
        });
      }
      await expect(run()).resolves.toMatchObject({ host: { name } });
    });
  },
);

test("a host whose very name is damaged is found by its id, and named anew", async () => {
  const id = hosts.at(-1)?.id ?? 0;
  const params = { host: String(id) };
  const host = await daemon.client.call("getHost", { params });
  expect(host).toMatchObject({ name: `damaged-host-${id}`, damaged: ["name"] });
  await daemon.client.call("updateHost", { params, body: { name: "mended", jump: [] } });
  const run = await new RunReading().follow(await openStream(daemon, "echo in", { host: "mended" }));
  expect(run.text()).toBe("in\n");
});

test.each(runDamages.map((damage, index) => ({ what: damage[0], damaged: damage[2], index })))(
  "a run with $what is shown, as damaged where it is",
  async ({ damaged, index }) => {
    const params = { run: runs[index] ?? "" };
    const run = await daemon.client.call("getRun", { params });
    expect(new Set(run.damaged)).toEqual(new Set(damaged));
    const { items } = await daemon.client.call("listRuns", { query: { limit: "500" } });
    expect(items.find(({ id }) => id === run.id)).toEqual(run);
    expect(run).toMatchObject({ command, state: "ended", outcome: "exited", exitCode: 3 });
    if (!damaged.includes("problem") && run.problem !== null) {
      expect(run.problem).toMatchObject({ code: "internal", detail: "It broke." });
    }
    expect(Date.now() - Date.parse(run.createdAt)).toBeLessThan(3_600_000);
    expect(log.includes(`"columns":${JSON.stringify(damaged)}`)).toBe(damaged.length > 0);
    const events = await follow(run.id);
    expect([events.text("stdout"), events.text("stderr")]).toEqual(["out\n", "err\n"]);
    const output = await daemon.http.ask("GET", `/api/runs/${run.id}/output`);
    expect(output.bytes.toString()).toBe("out\n");
    const rerun = daemon.client.call("rerun", { params, body: {} });
    if (damaged.includes("options")) await expect(rerun).rejects.toMatchObject({ code: "conflict" });
    else await expect(rerun).resolves.toMatchObject({ command });
    await daemon.client.call("deleteRun", { params });
  },
);

test("a run whose very id is damaged is left out and can be deleted; pages go on behind it", async () => {
  const ids: string[] = [];
  for (let cursor: string | null = "999999"; cursor !== null; ) {
    const page: { items: { id: string }[]; nextCursor: string | null } = await daemon.client.call(
      "listRuns",
      {
        query: { limit: "1", cursor },
      },
    );
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
  }
  expect(ids).toEqual(expect.arrayContaining([good, ...records, ...outputs, ...opened, ...planned]));
  expect(ids).not.toContain(nobody);
  expect(log).toContain("A stored row cannot be read, and is left out");
  await daemon.client.call("deleteRun", { params: { run: nobody } });
});

test.each(planDamages.map((damage, index) => ({ what: damage[0], index })))(
  "a durable run with a plan $what has ended as unknown, and says where it may still be",
  async ({ index }) => {
    const run = await daemon.client.call("getRun", { params: { run: planned[index] ?? "" } });
    expect(run).toMatchObject({ state: "ended", outcome: "unknown", problem: { code: "daemon_stopped" } });
    expect(run.problem?.detail).toContain(`on web1, in a directory named ${run.id}`);
    expect(log).toContain(`"table":"durable_runs"`);
  },
);

test.each(openDamages.map((damage, index) => ({ what: damage[0], index })))(
  "a run that was open, of which $what, has ended as unknown",
  async ({ index }) => {
    const run = await daemon.client.call("getRun", { params: { run: opened[index] ?? "" } });
    expect(run).toMatchObject({ state: "ended", outcome: "unknown", problem: { code: "daemon_stopped" } });
  },
);

test.each(eventDamages.map((damage, index) => ({ what: damage[0], index })))(
  "of a record of which $what a stream has its beginning, its output and its end",
  async ({ index }) => {
    const run = await follow(records[index] ?? "");
    expect([run.text("stdout"), run.text("stderr")]).toEqual(["out\n", "err\n"]);
    expect(run.events[0]?.type).toBe("init");
    expect(run.complete).toMatchObject({ outcome: "exited", exitCode: 3, stdoutBytes: 4, stderrBytes: 4 });
  },
);

test.each(outputDamages.map((damage, index) => ({ what: damage[0], index })))(
  "output $what is left out of a stream, which says so",
  async ({ index }) => {
    const run = await follow(outputs[index] ?? "");
    expect(run.text("stderr")).toBe("err\n");
    const notes = run.events.flatMap((event) => (event.type === "status" ? [event.message] : []));
    expect(notes).toContain("What was recorded here cannot be read any more");
    expect(run.complete).toMatchObject({ outcome: "exited", exitCode: 3 });
  },
);

test("an epoch that is damaged is replaced", async () => {
  expect((await follow(good)).lastId).toMatch(/^[0-9a-f]{8}\.\d+$/);
  expect(told("meta", "epoch")).toBeDefined();
});

test("a login shell that is none is asked for again", async () => {
  const run = await new RunReading().follow(await openStream(daemon, "pwd", { cwd: "/usr" }));
  expect(run.text()).toBe("/usr\n");
});
