import { afterAll, expect, test } from "vitest";
import { Job } from "../../protocol/job.ts";
import { Run, RunRequest } from "../../protocol/run.ts";
import { openCounter } from "../support/counter.ts";
import { openTestDaemon } from "../support/daemon.ts";
import { openDirectory } from "../support/directory.ts";
import { readAll } from "../support/http.ts";
import { hostOf, knowHosts, openHostedDaemon } from "../support/hosted-daemon.ts";
import { RunReading } from "../support/run-stream.ts";
import { openSshd } from "../support/sshd.ts";

const daemon = await openHostedDaemon();
afterAll(() => daemon[Symbol.asyncDispose]());

function post(path: string, command: string, key: string) {
  const headers = { "idempotency-key": key };
  return daemon.http.ask("POST", path, { headers, json: { host: "web1", command } });
}

async function eventsOf(id: string): Promise<RunReading> {
  return new RunReading().follow(await daemon.http.open("GET", `/api/runs/${id}/events`));
}

test("the same key and body give the same run, while it goes on and after it has ended", async () => {
  await using counter = await openCounter();
  const command = `${counter.command}; sleep 0.2; echo done`;
  const first = await post("/api/runs", command, "once-1");
  expect(first.status).toBe(201);
  const run = Run.parse(first.json());
  const second = Run.parse((await post("/api/runs", command, "once-1")).json());
  expect(second.id).toBe(run.id);
  expect((await eventsOf(run.id)).text()).toBe("done\n");
  const third = Run.parse((await post("/api/runs", command, "once-1")).json());
  expect(third).toMatchObject({ id: run.id, state: "ended", outcome: "exited" });

  const headers = { "idempotency-key": "once-1" };
  const body = { host: "web1", command };
  const stream = await daemon.http.open("POST", "/api/ssh/stream", { headers, json: body });
  const replayed = await new RunReading().follow(stream);
  expect(replayed.id).toBe(run.id);
  expect(replayed.text()).toBe("done\n");
  expect(await counter.count()).toBe(1);
});

test("a default that is given is the same request as one that is left out", async () => {
  const headers = { "idempotency-key": "defaults" };
  const given = { host: "web1", command: "true" };
  const bodies = [given, RunRequest.parse(given), { ...given, cache: "use" }];
  const ids = [];
  for (const json of bodies) {
    ids.push(Run.parse((await daemon.http.ask("POST", "/api/runs", { headers, json })).json()).id);
  }
  expect(new Set(ids).size).toBe(1);
});

test("a key is known to the next daemon, too, whether the one before was stopped or killed", async () => {
  await using counter = await openCounter();
  await using directory = await openDirectory();
  const state = { home: directory.path, stateDirectory: directory.join("state") };
  await using sshd = await openSshd();
  await knowHosts(directory.path, sshd.knownHosts);
  const request = {
    headers: { "idempotency-key": "over-restarts" },
    json: { host: "web1", command: counter.command },
  };
  const ids = new Set<string>();
  for (const signal of ["SIGTERM", "SIGKILL", "SIGTERM"] as const) {
    await using next = await openTestDaemon(state);
    if (ids.size === 0) await next.client.call("createHost", { body: hostOf(sshd) });
    const stream = await next.http.open("POST", "/api/ssh/stream", request);
    const reading = await new RunReading().follow(stream);
    ids.add(reading.id);
    expect(reading.complete).toMatchObject({ outcome: "exited", exitCode: 0 });
    await next.kill(signal);
  }
  expect(ids.size).toBe(1);
  expect(await counter.count()).toBe(1);
});

test("the same key with another body is a conflict, and runs nothing", async () => {
  await using counter = await openCounter();
  await eventsOf(Run.parse((await post("/api/runs", "true", "once-2")).json()).id);
  const other = await post("/api/runs", counter.command, "once-2");
  expect(other.problem()).toMatchObject({ status: 409, code: "idempotency_conflict" });
  expect(await counter.count()).toBe(0);
});

test("ten requests at once with one key are one execution", async () => {
  await using counter = await openCounter();
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => post("/api/runs", `${counter.command}; sleep 0.1`, "once-3")),
  );
  const ids = new Set(answers.map((answer) => Run.parse(answer.json()).id));
  expect(ids.size).toBe(1);
  for (const id of ids) await eventsOf(id);
  expect(await counter.count()).toBe(1);
});

test("a job that is sent again with its key is the same job, while it goes on and under the next daemon", async () => {
  await using counter = await openCounter();
  await using directory = await openDirectory();
  const state = { home: directory.path, stateDirectory: directory.join("state") };
  await using sshd = await openSshd();
  await knowHosts(directory.path, sshd.knownHosts);
  const headers = { "idempotency-key": "job-1" };
  const json = { targets: ["web1"], command: counter.command };
  const ids = new Set<string>();
  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    await using next = await openTestDaemon(state);
    if (ids.size === 0) await next.client.call("createHost", { body: hostOf(sshd) });
    const ask = (path: string, body: object) => next.http.ask("POST", path, { headers, json: body });
    for (const answer of await Promise.all(Array.from({ length: 5 }, () => ask("/api/jobs", json)))) {
      expect(answer.status).toBe(201);
      ids.add(Job.parse(answer.json()).id);
    }
    const stream = { headers: { ...headers, accept: "text/event-stream" }, json };
    const events = (await readAll(await next.http.open("POST", "/api/jobs", stream))).toString();
    expect(events).toContain('"type":"jobComplete"');
    for (const answer of [
      await ask("/api/jobs", { ...json, failFast: true }),
      await ask("/api/runs", { host: "web1", command: counter.command }),
      await ask(`/api/jobs/${[...ids].join("")}/rerun`, { only: "all" }),
    ])
      expect(answer.problem()).toMatchObject({ status: 409, code: "idempotency_conflict" });
    await next.kill(signal);
  }
  expect(ids.size).toBe(1);
  expect(await counter.count()).toBe(1);
});

test("what was deleted is not run a second time by its key", async () => {
  await using counter = await openCounter();
  const { id } = Run.parse((await post("/api/runs", counter.command, "deleted")).json());
  await eventsOf(id);
  await daemon.client.call("deleteRun", { params: { run: id } });
  for (const path of ["/api/runs", "/api/ssh/stream"]) {
    const answer = await post(path, counter.command, "deleted");
    const problem = answer.problem();
    expect([problem.code, problem.detail]).toEqual([
      "conflict",
      "What this Idempotency-Key started was deleted. To run the command again, use a new key.",
    ]);
  }
  expect(await counter.count()).toBe(1);
});

test("a job is run again once for each key", async () => {
  await using counter = await openCounter();
  const { id } = await daemon.client.call("createJob", {
    body: { targets: ["web1"], command: `${counter.command}; false` },
  });
  await readAll(await daemon.http.open("GET", `/api/jobs/${id}/events`));
  const again = async () => {
    const headers = { "idempotency-key": "job-again", accept: "text/event-stream" };
    const answer = await daemon.http.ask("POST", `/api/jobs/${id}/rerun`, { headers, json: {} });
    const job = Job.parse(answer.json());
    await readAll(await daemon.http.open("GET", `/api/jobs/${job.id}/events`));
    return job.id;
  };
  expect(await again()).toBe(await again());
  expect(await counter.count()).toBe(2);
});

test("other keys are other runs", async () => {
  await using counter = await openCounter();
  const ids = new Set<string>();
  for (const key of ["a", "b", "c"]) {
    const { id } = Run.parse((await post("/api/runs", counter.command, key)).json());
    await eventsOf(id);
    ids.add(id);
  }
  expect(ids.size).toBe(3);
  expect(await counter.count()).toBe(3);
});

test.each(["", " ", "a b", "x".repeat(256), "é"])("a key of %j is no key", async (key) => {
  const answer = await post("/api/runs", "true", key);
  expect(answer.status).toBe(400);
  expect(answer.problem().issues).toMatchObject([{ path: "Idempotency-Key" }]);
});
