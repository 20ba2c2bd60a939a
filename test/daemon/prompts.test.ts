import { execFile } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { connect, createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import type { RunEvent } from "../../protocol/event.ts";
import type { Prompt } from "../../protocol/prompt.ts";
import type { RunRequestInput } from "../../protocol/run.ts";
import { openTestDaemon } from "../support/daemon.ts";
import { hostOf, knowHosts } from "../support/hosted-daemon.ts";
import { problemOf } from "../support/http.ts";
import { readMessages, RunReading, type SseMessage } from "../support/run-stream.ts";
import { openSshd } from "../support/sshd.ts";

await using stack = new AsyncDisposableStack();
const daemon = stack.use(await openTestDaemon());
const sshd = stack.use(await openSshd());
const owned = stack.move();
afterAll(() => owned.disposeAsync());
const hostKey = sshd.hostKeys[0];
/** And a hash that no name has. */
const salt = Buffer.alloc(20).toString("base64");

/** A run that is read as it goes. */
class Followed {
  readonly reading = new RunReading();
  readonly #messages: AsyncGenerator<SseMessage>;

  constructor(stream: IncomingMessage) {
    this.#messages = readMessages(stream);
  }

  until<Type extends RunEvent["type"]>(type: Type): Promise<Extract<RunEvent, { type: Type }>> {
    return this.reading
      .until(this.#messages, (event) => event.type === type)
      .then((event) => {
        if (!is(event, type)) throw new Error(`not ${type}`);
        return event;
      });
  }

  async end(): Promise<RunReading> {
    await this.until("complete");
    return this.reading;
  }
}

function is<Type extends RunEvent["type"]>(
  event: RunEvent,
  type: Type,
): event is Extract<RunEvent, { type: Type }> {
  return event.type === type;
}

async function start(options: Partial<RunRequestInput> = {}): Promise<Followed> {
  const json = { host: "web1", command: "echo in", prompts: "ask", ...options };
  return new Followed(await daemon.http.open("POST", "/api/ssh/stream", { json }));
}

const answer = (prompt: Prompt, ...answers: string[]): Promise<unknown> =>
  daemon.client.call("answerPrompt", { params: { prompt: prompt.id }, body: { answers } });
const decline = (prompt: Prompt): Promise<unknown> =>
  daemon.client.call("declinePrompt", { params: { prompt: prompt.id } });
const open = async (): Promise<Prompt[]> => (await daemon.client.call("listPrompts")).items;

/** Nothing is known of the server, and no connection is left. */
beforeEach(async () => {
  const { items } = await daemon.client.call("listKnownHosts");
  if (items.some(({ readOnly }) => !readOnly))
    await daemon.client.call("deleteKnownHosts", { query: { address: sshd.address } });
  for (const { id } of (await daemon.client.call("listConnections")).items) {
    await daemon.client.call("closeConnection", { params: { connection: id } });
  }
  await daemon.client.call("updateSettings", { body: { promptTimeoutMs: null } });
});
await daemon.client.call("createHost", { body: hostOf(sshd) });

describe("an unknown host key", () => {
  test("is asked about in the run's own stream, and the run goes on once it is accepted", async () => {
    const run = await start();
    const { prompt } = await run.until("prompt");
    expect(prompt).toMatchObject({
      kind: "hostKey",
      runIds: [run.reading.id],
      host: "web1",
      hop: `${sshd.user}@${sshd.address}:${sshd.port}`,
      attempt: 1,
      key: { keyType: "ssh-ed25519", fingerprint: hostKey?.fingerprint },
    });
    expect(Date.parse(prompt.expiresAt) - Date.parse(prompt.createdAt)).toBe(120_000);
    expect(await open()).toEqual([prompt]);
    await answer(prompt, "accept");
    const ended = await run.end();
    expect(ended.text()).toBe("in\n");
    expect(ended.of("promptClosed")).toMatchObject([{ promptId: prompt.id, outcome: "answered" }]);
    expect(await open()).toEqual([]);
    const { items } = await daemon.client.call("listKnownHosts");
    expect(items).toMatchObject([{ fingerprint: hostKey?.fingerprint }]);
  });

  test("comes with its picture, and the other names under which it is known", async () => {
    const [type = "", key = ""] = (hostKey?.publicKey ?? "").split(" ");
    await daemon.client.call("addKnownHost", { body: { address: "old.example.org", key } });
    const file = `${daemon.home}/.ssh/known_hosts`;
    await knowHosts(daemon.home, `# mine\n[web9]:7,web8 ${type} ${key}\n|1|${salt}|${salt} ${type} ${key}\n`);
    const run = await start();
    const { prompt } = await run.until("prompt");
    const { stdout } = await promisify(execFile)("ssh-keygen", ["-lvf", `${hostKey?.path}.pub`]);
    expect(prompt.key?.randomart).toBe(stdout.split("\n").slice(1, 12).join("\n"));
    expect(prompt.key?.knownAs).toEqual([
      `old.example.org (${daemon.stateDirectory}/known_hosts:1)`,
      `[web9]:7,web8 (${file}:2)`,
      `a hashed name (${file}:3)`,
    ]);
    await decline(prompt);
    await run.end();
    await rm(file);
    await daemon.client.call("deleteKnownHosts", { query: { address: "old.example.org" } });
  });

  test("that is accepted once is recorded nowhere", async () => {
    const run = await start();
    await answer((await run.until("prompt")).prompt, "acceptOnce");
    expect((await run.end()).text()).toBe("in\n");
    expect((await daemon.client.call("listKnownHosts")).items).toEqual([]);
  });

  test("is not asked about where nobody is there", async () => {
    const run = await start({ prompts: "fail" });
    const ended = await run.end();
    expect(ended.of("prompt")).toEqual([]);
    expect(ended.problem).toMatchObject({ code: "host_key_unknown", members: { reason: "ask" } });
  });

  test("that is declined fails the run with the key that it was about", async () => {
    const run = await start();
    await decline((await run.until("prompt")).prompt);
    const { problem } = await run.end();
    expect(problem).toMatchObject({ code: "host_key_unknown", members: { reason: "declined" } });
    expect(problem.members.fingerprint).toBe(hostKey?.fingerprint);
  });

  test("that nobody answers for fails the run after promptTimeoutMs", async () => {
    await daemon.client.call("updateSettings", { body: { promptTimeoutMs: 300 } });
    const ended = await (await start()).end();
    expect(ended.problem).toMatchObject({ code: "host_key_unknown", members: { reason: "expired" } });
    expect(ended.of("promptClosed")).toMatchObject([{ outcome: "expired" }]);
  });

  test("is asked about by a test of the host, too", async () => {
    const changes = readMessages(await daemon.http.open("GET", "/api/events"));
    const tested = daemon.client.call("testHost", { params: { host: "web1" }, body: { prompts: "ask" } });
    for await (const { data } of changes) {
      if (typeof data === "object" && data !== null && "prompt" in data) break;
    }
    const [prompt] = await open();
    expect(prompt?.runIds).toEqual([]);
    if (prompt !== undefined) await answer(prompt, "accept");
    expect(await tested).toMatchObject({ ok: true });
  });
});

describe("an answer", () => {
  test("that does not fit leaves the question open, and one that comes late is told so", async () => {
    const run = await start();
    const { prompt } = await run.until("prompt");
    expect((await problemOf(answer(prompt, "yes"))).code).toBe("invalid_request");
    expect((await problemOf(answer(prompt, "accept", "accept"))).code).toBe("invalid_request");
    expect((await problemOf(answer(prompt))).code).toBe("invalid_request");
    await answer(prompt, "accept");
    expect((await problemOf(answer(prompt, "accept"))).code).toBe("prompt_closed");
    expect((await problemOf(decline(prompt))).code).toBe("prompt_closed");
    await run.end();
  });
});

describe("runs that wait for one connection", () => {
  test("share a prompt, each with the event of its own, and the answer", async () => {
    const first = await start();
    const { prompt } = await first.until("prompt");
    const second = await start({ command: "echo also in" });
    const shared = (await second.until("prompt")).prompt;
    expect(shared.id).toBe(prompt.id);
    expect(shared.runIds).toEqual([first.reading.id, second.reading.id]);
    expect(await open()).toEqual([shared]);
    await answer(prompt, "accept");
    expect((await first.end()).text()).toBe("in\n");
    expect((await second.end()).text()).toBe("also in\n");
  });

  test("all fail when it is declined, and one that nobody can be asked for fails at once", async () => {
    const first = await start();
    const { prompt } = await first.until("prompt");
    const unasked = await (await start({ prompts: "fail" })).end();
    expect(unasked.problem).toMatchObject({ code: "host_key_unknown", members: { reason: "ask" } });
    const second = await start();
    await second.until("prompt");
    await decline(prompt);
    for (const run of [first, second]) {
      expect((await run.end()).problem).toMatchObject({ members: { reason: "declined" } });
    }
  });

  test("leave it open for the others when one is cancelled, and close it with the last", async () => {
    const first = await start();
    const { prompt } = await first.until("prompt");
    const second = await start();
    await second.until("prompt");
    await daemon.client.call("cancelRun", { params: { run: first.reading.id } });
    expect((await first.end()).complete.outcome).toBe("cancelled");
    expect(await open()).toMatchObject([{ id: prompt.id, runIds: [second.reading.id] }]);
    await daemon.client.call("cancelRun", { params: { run: second.reading.id } });
    expect((await second.end()).complete.outcome).toBe("cancelled");
    expect(await open()).toEqual([]);
    expect((await problemOf(answer(prompt, "accept"))).code).toBe("prompt_closed");
  });
});

test("while a person thinks no time to connect runs, and no connection is held", async () => {
  let connections = 0;
  // In front of the server: what it holds is what the server would.
  const front = createServer((socket) => {
    connections += 1;
    socket.on("close", () => {
      connections -= 1;
      front.emit("left");
    });
    socket.on("error", () => undefined);
    const inner = connect({ port: sshd.port, host: sshd.address });
    inner.on("error", () => socket.destroy());
    socket.pipe(inner).pipe(socket);
  });
  await once(front.listen(0, "127.0.0.1"), "listening");
  const place = front.address();
  const port = typeof place === "object" ? (place?.port ?? 0) : 0;
  await daemon.client.call("createHost", { body: { ...hostOf(sshd), name: "slow", port } });
  const run = await start({ host: "slow", connectTimeoutMs: 3000 });
  const { prompt } = await run.until("prompt");
  if (connections > 0) await once(front, "left");
  expect(connections).toBe(0);
  // Longer than all of the time to connect.
  const later = Date.parse(prompt.createdAt) + 3500;
  await delay(later - Date.now());
  await answer(prompt, "accept");
  expect((await run.end()).text()).toBe("in\n");
  front.close();
});

test("the daemon's end withdraws the question, and the run has an ending", async () => {
  await using other = await openTestDaemon({ home: daemon.home });
  await other.client.call("createHost", { body: hostOf(sshd) });
  const json = { host: "web1", command: "echo in", prompts: "ask" };
  const run = new Followed(await other.http.open("POST", "/api/ssh/stream", { json }));
  await run.until("prompt");
  const stopping = other.kill("SIGTERM");
  const ended = await run.end();
  expect(ended.problem.code).toBe("daemon_stopped");
  await stopping;
});
