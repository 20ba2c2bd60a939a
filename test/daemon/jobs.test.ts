import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noCounts } from "../../daemon/jobs/job-counts.ts";
import { RunEvent } from "../../protocol/event.ts";
import { foldNames } from "../../protocol/host-set.ts";
import { JobEvent } from "../../protocol/job-event.ts";
import { Job, type JobRequestInput } from "../../protocol/job.ts";
import { openTestDaemon } from "../support/daemon.ts";
import { hostOf, openHostedDaemon } from "../support/hosted-daemon.ts";
import { readMessages } from "../support/run-stream.ts";
import { freePort } from "../support/server-process.ts";

await using starting = new AsyncDisposableStack();
const daemon = starting.use(await openHostedDaemon());
const owned = starting.move();
afterAll(() => owned.disposeAsync());
const { client } = daemon;

/** Twelve hosts of one server, and one where nobody listens. */
beforeAll(async () => {
  const server = hostOf(daemon.sshd);
  for (let index = 1; index <= 12; index += 1) {
    const name = `node${String(index).padStart(2, "0")}`;
    const group = index <= 6 ? "prod/a" : "prod/b";
    await client.call("createHost", {
      body: { ...server, name, group, tags: index % 2 === 0 ? ["even"] : [] },
    });
  }
  await client.call("createHost", { body: { ...server, name: "nowhere", port: await freePort() } });
});

interface Seen {
  readonly job: Job;
  readonly events: readonly JobEvent[];
  readonly ids: readonly string[];
}

/** Starts a job and reads its stream to the end. */
async function follow(request: JobRequestInput, query = ""): Promise<Seen> {
  const headers = { accept: "text/event-stream" };
  const response = await daemon.http.open("POST", `/api/jobs${query}`, { headers, json: request });
  expect(response.statusCode).toBe(201);
  const events: JobEvent[] = [];
  const ids: string[] = [];
  for await (const { id, data } of readMessages(response)) {
    events.push(JobEvent.parse(data));
    ids.push(id);
  }
  const job = await daemon.http.ask("GET", response.headers.location ?? "");
  return { job: Job.parse(job.json()), events, ids };
}

/** By run what it printed on standard output. */
function outputs(events: readonly JobEvent[]): string[] {
  const texts = new Map<string, string>();
  for (const event of events) {
    if (event.type !== "output") continue;
    texts.set(event.runId, (texts.get(event.runId) ?? "") + event.data);
  }
  return [...texts.values()];
}

test("a command runs once on each host that is meant, and the stream tells of all of it", async () => {
  const { job, events, ids } = await follow({ targets: ["node[01-12]"], command: "echo hello; exit 0" });
  expect(job).toMatchObject({ state: "ended", outcome: "succeeded", counts: { ...noCounts, exited0: 12 } });
  expect(job.hosts).toHaveLength(12);
  expect(outputs(events)).toEqual(Array.from({ length: 12 }, () => "hello\n"));
  expect(events.filter(({ type }) => type === "init")).toHaveLength(12);
  expect(events.filter(({ type }) => type === "complete")).toHaveLength(12);
  expect(events.at(-1)).toMatchObject({ type: "jobComplete", jobId: job.id, counts: job.counts });
  const numbers = ids.map((id) => Number(id.split(".")[1]));
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  const { items } = await client.call("listJobRuns", { params: { job: job.id } });
  expect(items.map(({ jobId, host }) => [jobId, host.name])).toEqual(job.hosts.map((host) => [job.id, host]));
});

test("each host has its own truth, failures first where they are asked for", async () => {
  const command = 'case $PPID in *) n=$(echo $SSH_CONNECTION | wc -w);; esac; test "$n" = 4';
  const { job } = await follow({ targets: ["node01", "nowhere", "node02"], command });
  expect(job).toMatchObject({ outcome: "failed", counts: { ...noCounts, exited0: 2, failed: 1 } });
  const runs = await client.call("listJobRuns", { params: { job: job.id }, query: { sort: "failures" } });
  expect(runs.items.map(({ host, outcome }) => [host.name, outcome])).toEqual([
    ["nowhere", "failed"],
    ["node01", "exited"],
    ["node02", "exited"],
  ]);
  expect(runs.items[0]?.problem).toMatchObject({ code: "host_unreachable" });
  const failed = await client.call("listJobRuns", { params: { job: job.id }, query: { outcome: "failed" } });
  expect(failed.items).toHaveLength(1);
});

test("hosts that answered alike are one group, the largest first", async () => {
  const marker = `${daemon.home}/counter`;
  // The first two to come answer otherwise.
  const command = `mkdir ${marker}1 2>/dev/null && { echo odd; exit; }; mkdir ${marker}2 2>/dev/null && { echo same; exit 3; }; echo same; echo $$ >&2`;
  const { job } = await follow({ targets: ["group:prod"], command });
  const groups = async (by: "stdout" | "both" | "exit") =>
    (await client.call("jobGroups", { params: { job: job.id }, query: { by } })).items.map((group) => [
      group.count,
      group.outcome,
      group.exitCode,
    ]);
  expect(await groups("stdout")).toEqual([
    [10, "exited", 0],
    [1, "exited", expect.any(Number)],
    [1, "exited", expect.any(Number)],
  ]);
  expect(await groups("exit")).toEqual([
    [11, "exited", 0],
    [1, "exited", 3],
  ]);
  expect(await groups("both")).toHaveLength(12);
  const again = await client.call("rerunJob", { params: { job: job.id }, body: {} });
  expect(again.hosts).toHaveLength(1);
});

test("tags and groups whose names hold blanks are targets", async () => {
  const address = "127.0.0.1";
  await client.call("createHost", { body: { name: "front", address, tags: ["front end"] } });
  await client.call("createHost", { body: { name: "old", address, group: "old web/eu" } });
  const targets = ["tag:front end", "group:old web", "!tag:back end"];
  const resolved = await client.call("resolveTargets", { body: { targets } });
  expect(resolved).toEqual({ hosts: ["front", "old"], production: [], unknown: ["!tag:back end"] });
  for (const host of ["front", "old"]) await client.call("deleteHost", { params: { host } });
});

test("batches, failures and what is left of a job that is held", async () => {
  const batched = await follow({
    targets: ["node*"],
    command: "exit 1",
    batches: [1, "50%"],
    maxFailures: 1,
  });
  expect(batched.job).toMatchObject({
    outcome: "failed",
    counts: { ...noCounts, exitedOther: 7, skipped: 5 },
  });
  const { id } = batched.job;
  const rest = await client.call("resolveTargets", { body: { targets: [`@unfinished:${id}`] } });
  expect(rest.hosts).toEqual(batched.job.hosts.slice(7));
  expect((await client.call("resolveTargets", { body: { targets: [`@failed:${id}`] } })).hosts).toHaveLength(
    7,
  );
  const fast = await follow({ targets: ["node*"], command: "exit 1", concurrency: 2, failFast: true });
  expect(fast.job.counts).toEqual({ ...noCounts, exitedOther: 2, skipped: 10 });
  const groups = await client.call("jobGroups", { params: { job: fast.job.id }, query: { by: "both" } });
  // However many they are, those that never began are the last.
  const hosts = foldNames(fast.job.hosts.slice(2));
  const skipped = { hosts, count: 10, outcome: "skipped", exitCode: null, sha256: null, runId: null };
  expect(groups.items).toEqual([
    expect.objectContaining({ count: 2, outcome: "exited", exitCode: 1 }),
    skipped,
  ]);
});

test("a job that is cancelled ends what runs, and begins nothing more", async () => {
  const request = { targets: ["node*"], command: "echo began; sleep 60", concurrency: 3 };
  const job = await client.call("createJob", { body: request });
  const response = await daemon.http.open("GET", `/api/jobs/${job.id}/events`);
  let began = 0;
  let last: JobEvent | undefined;
  for await (const { data } of readMessages(response)) {
    last = JobEvent.parse(data);
    if (last.type !== "output") continue;
    began += 1;
    if (began === 3) await client.call("cancelJob", { params: { job: job.id }, body: { graceMs: 100 } });
  }
  expect(last).toMatchObject({
    type: "jobComplete",
    outcome: "cancelled",
    counts: { ...noCounts, cancelled: 3, skipped: 9 },
  });
  await expect(client.call("rerunJob", { params: { job: job.id }, body: {} })).rejects.toThrow(
    "No host of the job is failed. Nothing was run. It did not finish on some, which `unfinished` runs it on.",
  );
});

test("a stream is gone on with where it was left, also without output", async () => {
  const { job, ids, events } = await follow({ targets: ["tag:even"], command: "echo one; echo two" });
  const rest = await daemon.http.open("GET", `/api/jobs/${job.id}/events?after=${ids[4]}`);
  const again: unknown[] = [];
  for await (const { data } of readMessages(rest)) again.push(data);
  expect(again).toEqual(events.slice(5));
  const without = await daemon.http.open("GET", `/api/jobs/${job.id}/events?output=0`);
  const types: string[] = [];
  for await (const { data } of readMessages(without)) types.push(JobEvent.parse(data).type);
  expect(types).toEqual(events.map(({ type }) => type).filter((type) => type !== "output"));
});

describe("nothing runs", () => {
  test("of a job that is to outlast its link and to have a terminal", async () => {
    const json = { targets: ["node01"], command: "true", durable: true, pty: true };
    const problem = (await daemon.http.ask("POST", "/api/jobs", { json })).problem();
    expect(problem).toMatchObject({ code: "invalid_request", issues: [{ path: "pty" }] });
  });

  test.each([
    ["where a name is none", ["node01", "node99"], "There is no host for node99"],
    ["where a pattern means nobody", ["node01", "nope*"], "There is no host for nope*"],
    ["where nobody is left", ["node01", "!node*"], "match no hosts"],
    ["where a name holds blanks", ["node01 node02"], "must not contain blanks"],
    ["where a blank follows the !", ["all", "! node02"], "must have no blank behind the !"],
  ])("%s", async (_, targets, message) => {
    const answer = await daemon.http.ask("POST", "/api/jobs", { json: { targets, command: "true" } });
    const { code, detail } = answer.problem();
    expect([code, detail.includes(message)]).toEqual(["invalid_request", true]);
  });
});

test("a job that was under way when the daemon was killed has true counts afterwards", async () => {
  await using own = await openHostedDaemon();
  for (const name of ["a1", "a2", "a3"]) {
    await own.client.call("createHost", { body: { ...hostOf(own.sshd), name } });
  }
  const marker = `${own.home}/ran`;
  const command = `echo x >> ${marker}; echo began; sleep 60`;
  const job = await own.client.call("createJob", { body: { targets: ["a*"], command, concurrency: 2 } });
  const response = await own.http.open("GET", `/api/jobs/${job.id}/events`);
  let began = 0;
  for await (const { data } of readMessages(response, "cut")) {
    if (JobEvent.parse(data).type === "output") began += 1;
    if (began === 2) break;
  }
  await own.kill("SIGKILL");
  const { stateDirectory, home } = own;
  await using next = await openTestDaemon({ stateDirectory, home });
  const after = await next.client.call("getJob", { params: { job: job.id } });
  expect(after).toMatchObject({
    state: "ended",
    outcome: "failed",
    counts: { ...noCounts, unknown: 2, skipped: 1 },
    skipReason: "daemonStopped",
  });
  const groups = await next.client.call("jobGroups", { params: { job: job.id } });
  expect(groups.items.map(({ outcome, count }) => [outcome, count])).toEqual([
    ["unknown", 1],
    ["unknown", 1],
    ["skipped", 1],
  ]);
  const { items } = await next.client.call("listJobRuns", { params: { job: job.id } });
  expect(items.map(({ outcome }) => outcome)).toEqual(["unknown", "unknown"]);
  for (const { id } of items) {
    const types: string[] = [];
    for await (const { data } of readMessages(await next.http.open("GET", `/api/runs/${id}/events`))) {
      types.push(RunEvent.parse(data).type);
    }
    expect(types.filter((type) => type === "complete")).toHaveLength(1);
    expect(types.at(-1)).toBe("complete");
  }
  // Nothing ran again, and the third host never.
  expect(await readFile(marker, "utf8")).toBe("x\nx\n");
});

test("hosts that stand only in the SSH config are meant by their aliases, and by what is set of them", async () => {
  await using own = await openHostedDaemon();
  const { address, port, user, clientKey } = own.sshd;
  const lines = [`HostName ${address}`, `Port ${port}`, `User ${user}`, `IdentityFile ${clientKey.path}`];
  const config = ["Host conf1", "Host conf2", "Host *", ...lines.map((line) => `  ${line}`), ""].join("\n");
  await writeFile(`${own.home}/.ssh/config`, config);
  await own.client.call("updateHost", { params: { host: "conf2" }, body: { tags: ["t"], production: true } });
  const resolved = await own.client.call("resolveTargets", { body: { targets: ["conf*", "tag:t"] } });
  expect(resolved).toEqual({ hosts: ["conf1", "conf2"], production: ["conf2"], unknown: [] });
  const json = { targets: ["conf[1-2]"], command: "true" };
  const headers = { accept: "text/event-stream" };
  const response = await own.http.open("POST", "/api/jobs", { headers, json });
  let last: JobEvent | undefined;
  for await (const { data } of readMessages(response)) last = JobEvent.parse(data);
  expect(last).toMatchObject({ outcome: "succeeded", counts: { ...noCounts, exited0: 2 } });
});

test("what a run would reach is a target, too, also where no list has it", async () => {
  await using own = await openHostedDaemon();
  const { address, port, user, clientKey } = own.sshd;
  const config = `Host conf*\n  HostName ${address}\n  Port ${port}\n  User ${user}\n  IdentityFile ${clientKey.path}\n`;
  await writeFile(`${own.home}/.ssh/config`, config);
  const resolved = await own.client.call("resolveTargets", {
    body: { targets: ["conf[1-3]", "!conf2", "nobody@web1", "conf[a-c]", "no-such-host"] },
  });
  expect(resolved.hosts).toEqual(["conf1", "conf3", "nobody@web1"]);
  expect(resolved.unknown).toEqual(["conf[a-c]", "no-such-host"]);
  const headers = { accept: "text/event-stream" };
  const json = { targets: ["conf[1-2]"], command: "true" };
  const response = await own.http.open("POST", "/api/jobs", { headers, json });
  let last: JobEvent | undefined;
  for await (const { data } of readMessages(response)) last = JobEvent.parse(data);
  expect(last).toMatchObject({ outcome: "succeeded", counts: { ...noCounts, exited0: 2 } });
});

describe("the outputs of two of a job's runs", () => {
  interface Compared {
    readonly job: string;
    /** By the host's name. */
    readonly run: (host: string) => string;
    readonly diff: (a: string, b: string, stream?: "stdout" | "both") => Promise<string>;
  }

  async function compared(command: string, targets: readonly string[]): Promise<Compared> {
    const { job } = await follow({ targets: [...targets], command });
    const { items } = await client.call("listJobRuns", { params: { job: job.id } });
    const run = (host: string): string => items.find((each) => each.host.name === host)?.id ?? "";
    const diff: Compared["diff"] = (a, b, stream) =>
      client.call("jobDiff", {
        params: { job: job.id },
        query: { a: run(a), b: run(b), ...(stream && { stream }) },
      });
    return { job: job.id, run, diff };
  }

  test("are compared as diff -u does, standard error as well unless asked otherwise", async () => {
    const first = `${daemon.home}/first-to-differ`;
    const command = `echo same; mkdir ${first} 2>/dev/null && echo odd >&2; echo end`;
    const { job, run, diff } = await compared(command, ["node01", "node02"]);
    const patch = await diff("node01", "node02");
    expect(patch.split("\n").filter((line) => /^[-+]/.test(line))).toEqual([
      `--- node01\t${run("node01")}`,
      `+++ node02\t${run("node02")}`,
      expect.stringMatching(/^[-+]odd$/),
    ]);
    expect(await diff("node01", "node02", "stdout")).toBe("");
    const between = { params: { run: run("node01") }, query: { with: run("node02") } };
    expect(await client.call("runDiff", between)).toBe(patch);
    const other = await daemon.run("true");
    const answer = await daemon.http.ask("GET", `/api/jobs/${job}/diff?a=${run("node01")}&b=${other.id}`);
    expect(answer.problem().code).toBe("run_unknown");
  });

  test("hold up nobody once those who asked are gone", async () => {
    const { job, run, diff } = await compared("seq 1 300000 | shuf", ["node01", "node02"]);
    const gone = new AbortController();
    const query = { a: run("node01"), b: run("node02") };
    // Each takes 5 s and more: all of them would take longer than this test may.
    const asked = Array.from({ length: 40 }, () =>
      client.call("jobDiff", { params: { job }, query, signal: gone.signal }).catch(() => "gone"),
    );
    await expect.poll(async () => (await client.call("stats")).http.open).toBeGreaterThan(40);
    gone.abort();
    expect(new Set(await Promise.all(asked))).toEqual(new Set(["gone"]));
    expect(await diff("node01", "node01")).toBe("");
  });

  test("are compared by their ends where they have more than 10 MiB", {
    timeout: 120_000,
  }, async () => {
    const first = `${daemon.home}/first-of-many`;
    const long = `mkdir ${first} 2>/dev/null && echo odd; yes $(printf %0999d 0) | head -n 11000`;
    const { diff } = await compared(`${long}; mkdir ${first}.end 2>/dev/null && echo end; true`, [
      "node01",
      "node02",
    ]);
    const lines = (await diff("node01", "node02")).split("\n");
    const told = (host: string): RegExp =>
      new RegExp(`^# ${host}: only the end of the output is compared, without the first \\d.* KiB.$`);
    expect(lines[0]).toMatch(told("node01"));
    expect(lines[1]).toMatch(told("node02"));
    const differing = lines.filter((line) => /^[-+]\w/.test(line));
    expect(differing).toContainEqual(expect.stringMatching(/^[-+]end$/));
    expect(differing).not.toContainEqual(expect.stringMatching(/odd$/));
  });
});
