import { afterAll, expect, test } from "vitest";
import { problemOf } from "../support/http.ts";
import { hostOf, openHostedDaemon, openStream } from "../support/hosted-daemon.ts";
import { RunReading, readMessages } from "../support/run-stream.ts";

const daemon = await openHostedDaemon();
afterAll(() => daemon[Symbol.asyncDispose]());
const { client } = daemon;

test("the history is newest first, a page at a time, by what is asked for", async () => {
  const commands = ["echo alpha", "exit 3", "echo Beta", "kill -TERM $$", "echo gamma"];
  const ids: string[] = [];
  for (const command of commands) ids.unshift((await daemon.run(command)).id);
  const all = await client.call("listRuns");
  expect(all.items.map(({ id }) => id)).toEqual(ids);
  expect(all.nextCursor).toBeNull();

  const paged: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.call("listRuns", { query: { limit: "2", ...(cursor && { cursor }) } });
    expect(page.items.length).toBeLessThanOrEqual(2);
    paged.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  expect(paged).toEqual(ids);

  const found = async (query: object): Promise<string[]> =>
    (await client.call("listRuns", { query })).items.map(({ command }) => command);
  expect(await found({ q: "BETA" })).toEqual(["echo Beta"]);
  expect(await found({ outcome: "signaled" })).toEqual(["kill -TERM $$"]);
  expect(await found({ state: "running" })).toEqual([]);
  expect(await found({ host: "web1", q: "exit" })).toEqual(["exit 3"]);
  expect(await found({ host: "nobody" })).toEqual([]);
  expect(await found({ host: String(daemon.host.id), q: "exit" })).toEqual(["exit 3"]);
  expect(await found({ host: "999" })).toEqual([]);
  expect(await found({ q: "%" })).toEqual([]);
  const oldest = all.items.at(-1)?.createdAt ?? "";
  expect(await found({ until: oldest })).toEqual([]);
  expect((await found({ since: oldest })).length).toBe(5);
});

test("a run is found by what it printed, soon after it has ended", async () => {
  const run = await daemon.run("printf 'needle-%s in the hay' $((40 + 2))");
  const query = { q: "NEEDLE-42" };
  // Ended runs are taken in while nothing else is under way: there is no event for it.
  await expect
    .poll(async () => (await client.call("listRuns", { query })).items, { timeout: 10_000 })
    .toEqual([expect.objectContaining({ id: run.id })]);
  await client.call("deleteRun", { params: { run: run.id } });
  expect((await client.call("listRuns", { query })).items).toEqual([]);
});

test("a run is pinned and noted, under way and after, and its list, page and stream of changes know", async () => {
  const reading = new RunReading();
  const messages = readMessages(await daemon.stream("read line; exit 4", { stdinOpen: true }));
  await reading.until(messages, ({ type }) => type === "status");
  const params = { run: reading.id };
  const told = readMessages(await daemon.http.open("GET", "/api/events"));
  const patched = await client.call("updateRun", {
    params,
    body: { pinned: true, note: " before the fix " },
  });
  expect(patched).toMatchObject({ pinned: true, note: "before the fix" });
  for await (const { data } of told) {
    if (JSON.stringify(data).includes('"note":"before the fix"')) break;
  }
  await client.call("runStdin", { params, body: { end: true } });
  await reading.until(messages, ({ type }) => type === "complete");
  const kept = async () => (await client.call("listRuns", { query: { pinned: "true" } })).items;
  await expect.poll(kept).toEqual([expect.objectContaining({ id: reading.id, state: "ended", exitCode: 4 })]);
  expect(await client.call("getRun", { params })).toMatchObject({ pinned: true, note: "before the fix" });
  // What is not given stays; the run is read before and after, so that no answer is an old one.
  await client.call("updateRun", { params, body: { note: "" } });
  expect(await client.call("getRun", { params })).toMatchObject({ pinned: true, note: null });
  await client.call("updateRun", { params, body: { pinned: false } });
  expect(await client.call("getRun", { params })).toMatchObject({ pinned: false, note: null });
  expect(await kept()).toEqual([]);
});

test("the filters of a search, and the run before with the same command", async () => {
  const [before, run] = [await daemon.run("echo same; exit 7"), await daemon.run("echo same; exit 7")];
  const ids = async (query: object) => (await client.call("listRuns", { query })).items.map(({ id }) => id);
  expect(await ids({ exit: "7" })).toEqual([run.id, before.id]);
  expect(await ids({ is: "failed", exit: ">6", limit: "1" })).toEqual([run.id]);
  expect(await ids({ is: "succeeded", exit: "7" })).toEqual([]);
  expect(await ids({ previousOf: run.id })).toEqual([before.id]);
  expect(await ids({ job: "0199aaaa" })).toEqual([]);
});

test("a run is forgotten when it has ended, with its output, and not before", async () => {
  const reading = new RunReading();
  const messages = readMessages(await daemon.stream("echo x; read line", { stdinOpen: true }));
  await reading.until(messages, ({ type }) => type === "output");
  const params = { run: reading.id };
  expect((await problemOf(client.call("deleteRun", { params }))).code).toBe("conflict");
  await client.call("runStdin", { params, body: { end: true } });
  await reading.until(messages, ({ type }) => type === "complete");
  await client.call("deleteRun", { params });
  for (const path of ["", "/events", "/output"]) {
    const answer = await daemon.http.ask("GET", `/api/runs/${reading.id}${path}`);
    expect(answer.problem().code).toBe("run_unknown");
  }
});

test("a command is run again with its options", async () => {
  const first = await daemon.run('echo "$GREETING from $PWD"', { env: { GREETING: "hé" }, cwd: "/tmp" });
  const again = await client.call("rerun", { params: { run: first.id }, body: {} });
  const second = await new RunReading().follow(await daemon.http.open("GET", `/api/runs/${again.id}/events`));
  expect(second.text()).toBe("hé from /tmp\n");
  expect(second.text()).toBe(first.text());
  expect(again.id).not.toBe(first.id);
});

test("a command that read input is not run again, since its input is not kept", async () => {
  const run = await daemon.run("cat", { stdin: "the secret of the input" });
  const failure = await problemOf(client.call("rerun", { params: { run: run.id }, body: {} }));
  expect([failure.code, failure.message]).toEqual([
    "conflict",
    "This run had standard input, which is not stored. Start a new run of its command with the same input.",
  ]);
  const stored = await daemon.http.ask("GET", `/api/runs/${run.id}`);
  expect(stored.bytes.toString()).not.toContain("the secret");
  expect(stored.json()).toMatchObject({ options: { stdinGiven: true } });
});

test("a run whose input was open is run again only if its command never began", async () => {
  const rerun = (id: string) => client.call("rerun", { params: { run: id }, body: {} });
  const host = { ...hostOf(daemon.sshd), name: "later" };
  // Nothing listens there.
  await client.call("createHost", { body: { ...host, port: 1 } });
  const failed = await new RunReading().follow(
    await openStream(daemon, "read line; echo $line", { host: "later", stdinOpen: true }),
  );
  expect(failed.complete).toMatchObject({ outcome: "failed" });
  await client.call("updateHost", { params: { host: "later" }, body: { port: host.port } });
  const { id, options } = await rerun(failed.id);
  expect(options.stdinOpen).toBe(true);
  await client.call("runStdin", { params: { run: id }, body: { data: "typed\n", end: true } });
  const again = await new RunReading().follow(await daemon.http.open("GET", `/api/runs/${id}/events`));
  expect(again.text()).toBe("typed\n");
  const refused = await problemOf(rerun(id));
  expect([refused.code, refused.message]).toEqual([
    "conflict",
    "This run's standard input was open, and what was written to it is not stored. Start a new run of its command with " +
      "stdinOpen, and write it again.",
  ]);
});

test("the figures for Prometheus are those of /api/stats", async () => {
  const stats = await client.call("stats");
  const text = await client.call("metrics");
  const metrics = new Map(
    text
      .trim()
      .split("\n")
      .filter((line) => !line.startsWith("#"))
      .map((line) => [line.split(" ")[0], Number(line.split(" ")[1])]),
  );
  expect(metrics.get("hostrun_pool_opened_total")).toBe(stats.pool.opened);
  expect(metrics.get("hostrun_runs_ended_total")).toBe(stats.runs.ended);
  expect(metrics.get("hostrun_cache_connected")).toBe(1);
  expect([...metrics.values()].every(Number.isFinite)).toBe(true);
  expect(text).toMatch(/^hostrun_run_duration_seconds_count\{connection="warm"\} [1-9]/m);
  expect(stats.store.journalMode).toBe("wal");
  expect(stats.store.sizeBytes).toBeGreaterThan(0);
});
