import { writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { afterAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { api, type EndpointName } from "../../protocol/api.ts";
import { Change } from "../../protocol/change.ts";
import type { Endpoint } from "../../protocol/endpoint.ts";
import { RunEvent } from "../../protocol/event.ts";
import { Host } from "../../protocol/host.ts";
import { type ProblemCode, problems } from "../../protocol/problem-codes.ts";
import { ProblemDetails } from "../../protocol/problem-details.ts";
import { JobEvent } from "../../protocol/job-event.ts";
import { Run } from "../../protocol/run.ts";
import { failingHosts } from "../support/failing-hosts.ts";
import { openDirectory } from "../support/directory.ts";
import { type Answer, readAll, type Sent } from "../support/http.ts";
import { hostOf, openHostedDaemon } from "../support/hosted-daemon.ts";
import { readMessages, RunReading } from "../support/run-stream.ts";
import { freePort } from "../support/server-process.ts";
import { goodSnippets, keepSnippets, provokedSnippets } from "../support/snippet-requests.ts";

await using stack = new AsyncDisposableStack();
// A key that is installed is for an account of the test's own.
const account = stack.use(await openDirectory());
const SetEnv = `HOME=${account.path} SHLVL=1`;
const daemon = stack.use(
  await openHostedDaemon({ flags: ["--max-queued-runs", "0"], sshd: { options: { SetEnv } } }),
);
const stopped = stack.use(await openHostedDaemon());
const owned = stack.move();
afterAll(() => owned.disposeAsync());

await writeFile(`${daemon.home}/config`, "Host imported\n  HostName 10.1.1.1\n");

await daemon.http.ask("POST", "/api/hosts", {
  json: { ...hostOf(daemon.sshd), address: "localhost", name: "asked" },
});

const endpoints = new Map<string, Endpoint>(Object.entries(api));
const runId = async (command: string, more: object = {}): Promise<string> => {
  const answer = await daemon.http.ask("POST", "/api/runs", { json: { host: "web1", command, ...more } });
  return Run.parse(answer.json()).id;
};
const endedRun = async (): Promise<string> => (await daemon.run("echo out; echo err >&2")).id;
const hostName = async (): Promise<string> => {
  const name = `host-${Math.random().toString(36).slice(2)}`;
  await daemon.http.ask("POST", "/api/hosts", { json: { ...hostOf(daemon.sshd), name } });
  return name;
};
const key = daemon.sshd.hostKeys[0]?.publicKey.split(" ")[1] ?? "";
const connectionId = async (): Promise<string> => {
  await endedRun();
  const Listed = z.object({ items: z.array(z.object({ id: z.string() })) });
  const { items } = Listed.parse((await daemon.http.ask("GET", "/api/connections")).json());
  return items[0]?.id ?? "";
};

type Call = () => Promise<{ path: string } & Sent> | ({ path: string } & Sent);

/** A request that every endpoint answers well; an endpoint without one does not compile. */
const good: Record<EndpointName, Call> = {
  health: () => ({ path: "/api/health" }),
  version: () => ({ path: "/api/version" }),
  doctor: () => ({ path: "/api/doctor" }),
  backup: () => ({ path: "/api/backup" }),
  stats: async () => ({ path: `/api/stats${(await endedRun()).slice(0, 0)}` }),
  metrics: () => ({ path: "/api/metrics" }),
  openapi: () => ({ path: "/api/openapi.json" }),
  replaceToken: () => ({ path: "/api/token/rotate", json: {} }),
  shutdown: () => ({ path: "/api/shutdown", json: { drain: true } }),
  changes: () => ({ path: "/api/events" }),
  listKnownHosts: () => ({ path: "/api/known-hosts" }),
  addKnownHost: () => ({ path: "/api/known-hosts", json: { address: "10.0.0.7", key } }),
  getKnownHost: async () => {
    const added = await daemon.http.ask("POST", "/api/known-hosts", { json: { address: "10.0.0.7", key } });
    return { path: added.headers.location ?? "" };
  },
  deleteKnownHosts: () => ({ path: "/api/known-hosts?address=10.0.0.7" }),
  listConnections: async () => ({ path: `/api/connections${(await connectionId()).slice(0, 0)}` }),
  closeConnection: async () => ({ path: `/api/connections/${await connectionId()}` }),
  listPrompts: async () => ({ path: `/api/prompts${(await openPrompt()).slice(0, 0)}` }),
  declinePrompt: async () => ({ path: `/api/prompts/${await openPrompt()}` }),
  answerPrompt: async () => ({
    path: `/api/prompts/${await openPrompt()}`,
    json: { answers: ["acceptOnce"] },
  }),
  listKeys: async () => ({ path: `/api/keys${(await keyPath()).slice(0, 0)}` }),
  getKey: async () => ({ path: await keyPath() }),
  createKey: () => ({ path: "/api/keys", json: { name: `key_${Math.random().toString(36).slice(2)}` } }),
  installKey: async () => ({ path: `${await keyPath()}/install`, json: { host: "web1" } }),
  ...goodSnippets(daemon.http),
  getSettings: () => ({ path: "/api/settings" }),
  updateSettings: () => ({ path: "/api/settings", json: { historyDays: 8 } }),
  listHosts: () => ({ path: "/api/hosts?q=web" }),
  createHost: () => ({ path: "/api/hosts", json: { name: "created", address: "10.0.0.8" } }),
  importHosts: () => ({
    path: "/api/hosts/import",
    json: { source: "ssh_config", path: `${daemon.home}/config`, dryRun: true },
  }),
  getHost: () => ({ path: "/api/hosts/web1" }),
  updateHost: async () => ({ path: `/api/hosts/${await hostName()}`, json: { tags: ["x"] } }),
  deleteHost: async () => ({ path: `/api/hosts/${await hostName()}` }),
  keepSecrets: () => ({ path: "/api/hosts/web1/secrets", json: { password: "secret" } }),
  forgetSecrets: () => ({ path: "/api/hosts/web1/secrets" }),
  connectHost: () => ({ path: "/api/hosts/web1/connect", json: { production: "allow" } }),
  testHost: () => ({ path: "/api/hosts/web1/test", json: {} }),
  createRun: () => ({ path: "/api/runs", json: { host: "web1", command: "true" } }),
  streamRun: () => ({ path: "/api/ssh/stream", json: { host: "web1", command: "echo hi" } }),
  listRuns: async () => ({ path: `/api/runs?limit=5${(await endedRun()).slice(0, 0)}` }),
  getRun: async () => ({ path: `/api/runs/${await endedRun()}` }),
  updateRun: async () => ({ path: `/api/runs/${await endedRun()}`, json: { pinned: true, note: "kept" } }),
  runEvents: async () => ({ path: `/api/runs/${await endedRun()}/events` }),
  runOutput: async () => ({ path: `/api/runs/${await endedRun()}/output?stream=both` }),
  runDiff: async () => ({ path: `/api/runs/${await endedRun()}/diff?with=${await endedRun()}` }),
  cancelRun: async () => ({ path: `/api/runs/${await runId("sleep 100")}/cancel`, json: { graceMs: 0 } }),
  runStdin: async () => ({
    path: `/api/runs/${await runId("cat", { stdinOpen: true })}/stdin`,
    json: { data: "x", end: true },
  }),
  resizeRun: async () => ({
    path: `/api/runs/${await runId("sleep 100", { pty: true })}/resize`,
    json: { cols: 100, rows: 30 },
  }),
  rerun: async () => ({ path: `/api/runs/${await endedRun()}/rerun` }),
  deleteRun: async () => ({ path: `/api/runs/${await endedRun()}` }),
  resolveTargets: () => ({ path: "/api/targets/resolve", json: { targets: ["web*", "nobody"] } }),
  createJob: () => ({ path: "/api/jobs", json: { targets: ["web1"], command: "true" } }),
  listJobs: async () => ({ path: `/api/jobs?limit=5${(await endedJob()).slice(0, 0)}` }),
  getJob: async () => ({ path: `/api/jobs/${await endedJob()}` }),
  listJobRuns: async () => ({ path: `/api/jobs/${await endedJob()}/runs?sort=failures` }),
  jobEvents: async () => ({ path: `/api/jobs/${await endedJob()}/events` }),
  jobGroups: async () => ({ path: `/api/jobs/${await endedJob()}/groups` }),
  jobDiff: async () => {
    const job = await endedJob();
    const { items } = await daemon.client.call("listJobRuns", { params: { job } });
    return { path: `/api/jobs/${job}/diff?a=${items[0]?.id}&b=${items[0]?.id}` };
  },
  cancelJob: async () => ({ path: `/api/jobs/${await endedJob()}/cancel`, json: {} }),
  rerunJob: async () => ({ path: `/api/jobs/${await endedJob("false")}/rerun`, json: {} }),
};

const endedJob = async (command = "echo out"): Promise<string> => {
  const json = { targets: ["web1"], command };
  const id = z
    .object({ id: z.string() })
    .parse((await daemon.http.ask("POST", "/api/jobs", { json })).json()).id;
  for await (const _ of readMessages(await daemon.http.open("GET", `/api/jobs/${id}/events`)));
  return id;
};

/** A key pair of the person's. */
const keyPath = async (): Promise<string> => {
  const json = { name: `key_${Math.random().toString(36).slice(2)}`, comment: "for a test" };
  return (await daemon.http.ask("POST", "/api/keys", { json })).headers.location ?? "";
};

/** The question for a host key that nobody knows; the run that it is of waits. */
const openPrompt = async (): Promise<string> => {
  const json = { host: "asked", command: "true", prompts: "ask" };
  const headers = { accept: "text/event-stream" };
  const stream = await daemon.http.open("POST", "/api/runs", { headers, json });
  const event = await new RunReading().until(readMessages(stream), ({ type }) => type === "prompt");
  stream.destroy();
  return event.type === "prompt" ? event.prompt.id : "";
};

const securityHeaders = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
};

const eventSchemas: Readonly<Record<string, z.ZodType>> = { changes: Change, jobEvents: JobEvent };

/** Parsed, nothing is left over: the daemon sends no field that the contract does not have. */
function expectExactly(schema: z.ZodType, value: unknown): void {
  expect(schema.parse(value)).toEqual(value);
}

function expectProblem(answer: Answer): ProblemDetails {
  const problem = answer.problem();
  expectExactly(ProblemDetails, answer.json());
  expect(answer.status).toBe(problem.status);
  expect(problem).toMatchObject({ ...problems[problem.code], type: `urn:hostrun:problem:${problem.code}` });
  expect(answer.headers).toMatchObject(securityHeaders);
  return problem;
}

/** Every event of a run; of the changes, which have no end, the first. */
async function expectEvents(response: IncomingMessage, schema: z.ZodType): Promise<void> {
  expect(response.headers["content-type"]).toBe("text/event-stream; charset=utf-8");
  for await (const { data } of readMessages(response)) {
    expectExactly(schema, data);
    if (schema === Change) break;
  }
}

function expectBody({ output }: Endpoint, type: string | undefined, bytes: Buffer): void {
  if (output === "none") expect(bytes.length).toBe(0);
  else if (output === "text") expect(type).toMatch(/^text\/plain/);
  else if (output === "bytes") {
    expect(type).toBe("application/octet-stream");
    expect(bytes.length).toBeGreaterThanOrEqual(8);
  } else if (output !== "events") {
    expect(type).toBe("application/json; charset=utf-8");
    expectExactly(output, JSON.parse(bytes.toString()));
  }
}

describe("every endpoint's answer is the contract's", () => {
  test("and every endpoint is here", () => {
    expect(Object.keys(good).sort()).toEqual([...endpoints.keys()].sort());
  });

  test.each(Object.entries(good))("%s", async (name, call) => {
    const declaration = endpoints.get(name);
    if (declaration === undefined) throw new Error(`no endpoint ${name}`);
    const { method, output, status } = declaration;
    const at = name === "shutdown" ? stopped : daemon;
    const { path, ...sent } = await call();
    const response = await at.http.open(method, path, sent);
    expect(response.statusCode).toBe(status);
    const kept = declaration.isStatic === true ? { "cache-control": "private, max-age=86400" } : {};
    expect(response.headers).toMatchObject({ ...securityHeaders, ...kept });
    if (output === "events") await expectEvents(response, eventSchemas[name] ?? RunEvent);
    else expectBody(declaration, response.headers["content-type"], await readAll(response));
    if (status === 201) {
      const location = response.headers.location ?? "";
      expect((await at.http.ask("GET", location)).status).toBe(200);
    }
  });

  test.each([good.createRun, good.rerun])("or the events of what it starts", async (call) => {
    const { path, ...sent } = await call();
    const headers = { accept: "text/event-stream" };
    const response = await daemon.http.open("POST", path, { headers, ...sent });
    expect(response.statusCode).toBe(201);
    const run = await new RunReading().follow(response);
    expect(response.headers.location).toBe(`/api/runs/${run.id}`);
  });
});

describe("every event is the contract's", () => {
  test("of a run that has every kind of them", async () => {
    const response = await daemon.http.open("POST", "/api/ssh/stream", {
      json: {
        host: "web1",
        command: "echo text; printf '\\377'; echo bash: no job control in this shell >&2; sleep 100",
        recordLimitBytes: 50,
        timeoutMs: 300,
      },
    });
    const kinds = new Set<string>();
    for await (const { data } of readMessages(response)) {
      expectExactly(RunEvent, data);
      const event = RunEvent.parse(data);
      kinds.add(event.type);
      if (event.type === "output") for (const field of Object.keys(event)) kinds.add(field);
    }
    const types = ["init", "status", "output", "error", "complete", "encoding", "filteredBytes"];
    expect(types.filter((type) => !kinds.has(type))).toEqual([]);
  });

  test("of a run with a gap", async () => {
    const run = await daemon.run("echo much too long", { recordLimitBytes: 3 });
    expect(run.of("gap")).toHaveLength(1);
  });
});

async function runOnDeletedHost(): Promise<string> {
  const host = await hostName();
  const run = await runId("true", { host });
  await daemon.http.ask("DELETE", `/api/hosts/${host}`);
  return run;
}

type Provoked = [EndpointName, ProblemCode, string, (Sent | (() => Promise<Sent>))?];
const refusedPort = await freePort();
for (const [name, host] of Object.entries({
  refused: { port: refusedPort },
  nokey: { identityFile: "/nowhere/key" },
  textkey: { identityFile: "/etc/passwd" },
  stranger: { address: "127.0.0.3" },
  nouser: { user: "nobody-of-this-name" },
  prod: { production: true },
})) {
  await daemon.http.ask("POST", "/api/hosts", { json: { ...hostOf(daemon.sshd), ...host, name } });
}
const unknownJob = "/api/jobs/01890000-0000-7000-8000-000000000000";
const goodJob = await endedJob();
const unknownRun = "/api/runs/01890000-0000-7000-8000-000000000000";
const ended = await endedRun();
const fed = await runId("cat", { stdin: "x" });
const orphan = await runOnDeletedHost();
const { address, port, clientKey } = daemon.sshd;
const otherKey = { address, port, key: clientKey.publicKey.split(" ")[1] };
await writeFile(`${daemon.home}/.ssh/config`, "Host configured\n  HostName 10.1.1.2\n");
const valid = { host: "web1", command: "true" };
const start = (json: object, once?: string): Sent =>
  once === undefined ? { json } : { json, headers: { "idempotency-key": once } };
const onProduction = start({ ...valid, host: "prod" });
const onTargets = start({ targets: ["web1"], command: "true" }, "contract");
await keepSnippets(daemon.http);
const installing = `${await keyPath()}/install`;
await writeFile(`${daemon.home}/.ssh/taken`, "");

/** Requests for the problems of each endpoint, beside those that every body has. */
const provoked: Provoked[] = [
  ["answerPrompt", "prompt_closed", "/api/prompts/0", { json: { answers: [] } }],
  ["declinePrompt", "prompt_closed", "/api/prompts/0"],
  ["declinePrompt", "invalid_request", "/api/prompts/0?nope=1"],
  ["changes", "invalid_request", `/api/events?after=${"x".repeat(65)}`],
  ["deleteKnownHosts", "invalid_request", "/api/known-hosts"],
  ["deleteKnownHosts", "not_found", "/api/known-hosts?address=nowhere"],
  ["closeConnection", "not_found", "/api/connections/nope"],
  ...provokedSnippets,
  ["listKeys", "invalid_request", "/api/keys?nope=1"],
  ["getKey", "not_found", "/api/keys/nope"],
  ["createKey", "invalid_request", "/api/keys", { json: { name: "../id" } }],
  ["getKey", "invalid_request", "/api/keys/nope?nope=1"],
  ["createKey", "conflict", "/api/keys", { json: { name: "taken" } }],
  ["installKey", "not_found", "/api/keys/nope/install", { json: { host: "web1" } }],
  ["listHosts", "invalid_request", "/api/hosts?nope=1"],
  ["createHost", "conflict", "/api/hosts", { json: { name: "web1", address: "10.0.0.1" } }],
  ["importHosts", "not_found", "/api/hosts/import", { json: { source: "ssh_config", path: "/nowhere" } }],
  ["getHost", "invalid_request", "/api/hosts/web1?nope=1"],
  ["getHost", "host_unknown", "/api/hosts/nobody"],
  ["updateHost", "host_unknown", "/api/hosts/nobody", { json: {} }],
  ["updateHost", "conflict", "/api/hosts/refused", { json: { name: "web1" } }],
  ["deleteHost", "invalid_request", "/api/hosts/web1?nope=1"],
  ["deleteHost", "host_unknown", "/api/hosts/nobody"],
  ["keepSecrets", "host_unknown", "/api/hosts/nobody/secrets", { json: { password: "x" } }],
  ["forgetSecrets", "invalid_request", "/api/hosts/web1/secrets?nope=1"],
  ["forgetSecrets", "host_unknown", "/api/hosts/nobody/secrets"],
  ...failingHosts.flatMap(([code, host]): Provoked[] => [
    ["testHost", code, `/api/hosts/${host}/test`, { json: {} }],
    ["installKey", code, installing, { json: { host } }],
    ["connectHost", code, `/api/hosts/${host}/connect`, { json: { production: "allow" } }],
  ]),
  ["connectHost", "confirmation_required", "/api/hosts/prod/connect", { json: {} }],
  ["createRun", "host_unknown", "/api/runs", start({ ...valid, host: "nobody" })],
  ["createRun", "conflict", "/api/runs", { json: valid, headers: { "hostrun-begin-by": "1" } }],
  ["streamRun", "host_unknown", "/api/ssh/stream", start({ ...valid, host: "nobody" })],
  ["createRun", "idempotency_conflict", "/api/runs", start({ ...valid, command: "false" }, "contract")],
  ["streamRun", "idempotency_conflict", "/api/ssh/stream", start({ ...valid, pty: true }, "contract")],
  ["createRun", "confirmation_required", "/api/runs?production=refuse", onProduction],
  ["streamRun", "confirmation_required", "/api/ssh/stream?production=refuse", onProduction],
  ["listRuns", "invalid_request", "/api/runs?limit=0"],
  ["listRuns", "run_unknown", `/api/runs?previousOf=${unknownRun.slice("/api/runs/".length)}`],
  ["updateRun", "run_unknown", unknownRun, { json: { pinned: true } }],
  ["getRun", "invalid_request", `${unknownRun}?nope=1`],
  ["getRun", "run_unknown", unknownRun],
  ["runEvents", "invalid_request", `/api/runs/${ended}/events?raw=2`],
  ["runEvents", "run_unknown", `${unknownRun}/events`],
  ["runEvents", "stream_position_unknown", `/api/runs/${ended}/events?after=0bad.1`],
  ["runOutput", "invalid_request", `/api/runs/${ended}/output?stream=x`],
  ["backup", "range_not_satisfiable", "/api/backup", { headers: { range: "bytes=999999999999-" } }],
  ["runOutput", "run_unknown", `${unknownRun}/output`],
  ["runOutput", "range_not_satisfiable", `/api/runs/${ended}/output`, { headers: { range: "bytes=99-" } }],
  ["cancelRun", "run_unknown", `${unknownRun}/cancel`, { json: {} }],
  ["runStdin", "run_unknown", `${unknownRun}/stdin`, { json: {} }],
  ["runStdin", "conflict", `/api/runs/${ended}/stdin`, { json: {} }],
  ["resizeRun", "run_unknown", `${unknownRun}/resize`, { json: { cols: 1, rows: 1 } }],
  ["resizeRun", "conflict", `/api/runs/${ended}/resize`, { json: { cols: 1, rows: 1 } }],
  ["rerun", "invalid_request", `${unknownRun}/rerun?nope=1`],
  ["rerun", "run_unknown", `${unknownRun}/rerun`],
  ["runDiff", "invalid_request", `${unknownRun}/diff`],
  ["runDiff", "run_unknown", `${unknownRun}/diff?with=x`],
  ["deleteRun", "invalid_request", `${unknownRun}?nope=1`],
  ["deleteRun", "run_unknown", unknownRun],
  ["getKnownHost", "invalid_request", "/api/known-hosts/0?nope=1"],
  ["getKnownHost", "not_found", "/api/known-hosts/0"],
  ["addKnownHost", "conflict", "/api/known-hosts", { json: { ...otherKey } }],
  ["deleteHost", "conflict", "/api/hosts/configured"],
  ["rerun", "host_unknown", `/api/runs/${orphan}/rerun`],
  ["rerun", "conflict", `/api/runs/${fed}/rerun`],
  ["rerun", "idempotency_conflict", `/api/runs/${ended}/rerun`, start({}, "contract")],
  ["listJobs", "invalid_request", "/api/jobs?cursor=x"],
  ["getJob", "invalid_request", `${unknownJob}?nope=1`],
  ["getJob", "not_found", unknownJob],
  ["listJobRuns", "invalid_request", `${unknownJob}/runs?sort=size`],
  ["listJobRuns", "not_found", `${unknownJob}/runs`],
  ["jobEvents", "invalid_request", `${unknownJob}/events?output=2`],
  ["jobEvents", "not_found", `${unknownJob}/events`],
  ["jobEvents", "stream_position_unknown", `/api/jobs/${goodJob}/events?after=0bad.1`],
  ["jobGroups", "invalid_request", `${unknownJob}/groups?by=size`],
  ["jobGroups", "not_found", `${unknownJob}/groups`],
  ["jobDiff", "invalid_request", `${unknownJob}/diff?a=x`],
  ["jobDiff", "not_found", `${unknownJob}/diff?a=x&b=x`],
  ["jobDiff", "run_unknown", `/api/jobs/${goodJob}/diff?a=x&b=x`],
  ["cancelJob", "not_found", `${unknownJob}/cancel`, { json: {} }],
  ["rerunJob", "not_found", `${unknownJob}/rerun`, { json: {} }],
  ["rerunJob", "conflict", `/api/jobs/${goodJob}/rerun`, { json: {} }],
  ["createJob", "idempotency_conflict", "/api/jobs", onTargets],
  ["rerunJob", "idempotency_conflict", `/api/jobs/${goodJob}/rerun`, start({ only: "all" }, "contract")],
];

describe("every problem is the contract's, and one that its endpoint declares", () => {
  const seen = new Set<string>();

  test.each(provoked)("%s: %s", async (name, code, path, sent = {}) => {
    await daemon.http.ask("POST", "/api/runs", start(valid, "contract"));
    const declaration = endpoints.get(name);
    const how = typeof sent === "function" ? await sent() : sent;
    const problem = expectProblem(await daemon.http.ask(declaration?.method ?? "", path, how));
    expect(problem.code).toBe(code);
    expect(declaration?.problems).toContain(code);
    seen.add(`${name} ${code}`);
  });

  test.each([...endpoints].filter(([, { body }]) => body !== undefined))(
    "%s: what is wrong with a body",
    async (name, { method, path, problems: declared }) => {
      const at = path
        .replace(":host", "web1")
        .replace(":run", ended)
        .replace(":prompt", "0")
        .replace(":job", goodJob);
      const type = { "content-type": "application/json" };
      const sent: [ProblemCode, Sent][] = [
        ["invalid_request", { json: { nope: 1 } }],
        ["too_large", { headers: type, body: " ".repeat(1_048_577) }],
        ["unsupported_media_type", { headers: { "content-type": "text/plain" }, body: "{}" }],
      ];
      for (const [code, how] of sent) {
        expect(expectProblem(await daemon.http.ask(method, at, how)).code).toBe(code);
        expect(declared).toContain(code);
        seen.add(`${name} ${code}`);
      }
    },
  );

  test("deleteRun: conflict, while the run is under way", async () => {
    const alive = await runId("read line", { stdinOpen: true });
    expect(expectProblem(await daemon.http.ask("DELETE", `/api/runs/${alive}`)).code).toBe("conflict");
    seen.add("deleteRun conflict");
  });

  test("none is declared that was not seen, but for those that other tests show", () => {
    const elsewhere = new Set<ProblemCode>([
      // A full disk, a stopping daemon and a full queue need a daemon of their own.
      "storage_full",
      "daemon_stopped",
      "queue_full",
      // Tests of host keys and of servers that fail.
      "declined",
      "host_key_unknown",
      "host_key_changed",
      "protocol_error",
      "timed_out",
      // What is refused over TCP alone.
      "forbidden",
      // Tests of keys.
      "key_not_made",
      "key_not_installed",
      "channel_refused",
      "connection_lost",
    ]);
    seen.add("cancelRun conflict"); // In a copy of the state: test/daemon/restored-copy.test.ts.
    const unseen = [...endpoints].flatMap(([name, { problems: declared }]) =>
      declared
        .filter((code) => !elsewhere.has(code) && !seen.has(`${name} ${code}`))
        .map((code) => `${name} ${code}`),
    );
    expect(unseen).toEqual([]);
  });

  test("an unknown path and a method that is not for it", async () => {
    expect(expectProblem(await daemon.http.ask("GET", "/api/nope")).code).toBe("not_found");
    expect(expectProblem(await daemon.http.ask("PUT", "/api/runs")).code).toBe("method_not_allowed");
  });
});

test("a full queue is queue_full, and says when to try again", async () => {
  await using narrow = await openHostedDaemon({
    flags: ["--pool-max-connections=1", "--channels-per-connection=1", "--max-queued-runs=0"],
  });
  const response = await narrow.stream("echo; read line", { stdinOpen: true });
  const run = new RunReading();
  await run.until(readMessages(response), ({ type }) => type === "output");
  for (const path of ["/api/runs", "/api/ssh/stream", `/api/runs/${run.id}/rerun`]) {
    const answer = await narrow.http.ask("POST", path, path.endsWith("rerun") ? {} : { json: valid });
    if (path.endsWith("rerun")) expect(expectProblem(answer).code).toBe("conflict");
    else {
      expect(expectProblem(answer)).toMatchObject({ code: "queue_full", retryable: true });
      expect(answer.headers["retry-after"]).toBe("1");
    }
  }
  response.destroy();
  await narrow.client.call("runStdin", { params: { run: run.id }, body: { end: true } });
});

test("a host's answer holds no secret and every field", async () => {
  const answer = await daemon.http.ask("GET", "/api/hosts/web1");
  // Only a host whose row in the store is damaged says so.
  const { damaged: _, unresolved: _unasked, imported: _import, ...whole } = Host.shape;
  expect(Object.keys(Host.parse(answer.json())).sort()).toEqual(Object.keys(whole).sort());
});
