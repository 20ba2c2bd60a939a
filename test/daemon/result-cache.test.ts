import { afterAll, describe, expect, test } from "vitest";
import { readFile, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { Run } from "../../protocol/run.ts";
import { untilConnected } from "../support/cache-connected.ts";
import { readMessages, RunReading } from "../support/run-stream.ts";
import { openCounter } from "../support/counter.ts";
import { openDirectory } from "../support/directory.ts";
import { openGate } from "../support/gate.ts";
import { type HostedDaemon, openHostedDaemon } from "../support/hosted-daemon.ts";
import { openRedis } from "../support/redis.ts";
import { endProcesses } from "../support/server-process.ts";
import { openAgent } from "../support/ssh-agent.ts";
import { createKey } from "../support/ssh-key.ts";

await using stack = new AsyncDisposableStack();
const redis = stack.use(await openRedis());
const embedded = stack.use(await openHostedDaemon());
const shared = stack.use(await openHostedDaemon({ environment: { HOSTRUN_REDIS_URL: redis.url } }));
const owned = stack.move();
afterAll(() => owned.disposeAsync());

const cached = { cacheTtlMs: 60_000 };

async function cacheOf(daemon: HostedDaemon) {
  return (await daemon.client.call("stats")).cache;
}

describe.each([
  ["memory", embedded],
  ["redis", shared],
] as const)("with the cache in %s", (backend, daemon) => {
  test("a result of one key is not answered to another", async () => {
    await untilConnected(daemon, true);
    await using directory = await openDirectory();
    const agents = new AsyncDisposableStack();
    await using _ = agents;
    const run = async (name: string): Promise<() => Promise<RunReading>> => {
      const key = await createKey(directory.join(name));
      await daemon.sshd.authorize(`command="echo ${name}" ${key.publicKey}`);
      const agent = agents.use(await openAgent());
      await agent.add(key);
      return () => daemon.run("whoever", { ...cached, host: "keyless", agentSocket: agent.socket });
    };
    const { address, port, user } = daemon.sshd;
    await daemon.client.call("createHost", { body: { name: "keyless", address, port, user } });
    const one = await run(`one-${backend}`);
    const two = await run(`two-${backend}`);
    for (const wasCached of [false, true]) {
      const [first, second] = [await one(), await two()];
      expect([first.text(), second.text()]).toEqual([`one-${backend}\n`, `two-${backend}\n`]);
      for (const { events } of [first, second])
        expect(events[0]).toMatchObject({ run: { cached: wasCached } });
    }
  });

  test("a result is answered again with the same output, and the command ran once", async () => {
    await untilConnected(daemon, true);
    await using counter = await openCounter();
    const command = `${counter.command}; echo out; echo err >&2; printf '\\377'`;
    const before = await cacheOf(daemon);
    expect(before.backend).toBe(backend);
    const first = await daemon.run(command, cached);
    const second = await daemon.run(command, cached);
    expect(first.events[0]).toMatchObject({ run: { cached: false } });
    expect(second.events[0]).toMatchObject({ run: { cached: true } });
    expect(second.id).not.toBe(first.id);
    expect(second.bytes("stdout")).toEqual(first.bytes("stdout"));
    expect(second.bytes("stderr")).toEqual(first.bytes("stderr"));
    expect(second.complete).toMatchObject({
      outcome: "exited",
      exitCode: 0,
      sha256: first.complete.sha256,
      stdoutBytes: first.complete.stdoutBytes,
    });
    const stored = await daemon.client.call("getRun", { params: { run: second.id } });
    expect(stored.timings.resultAgeMs).toBeGreaterThanOrEqual(0);
    const output = await daemon.http.ask("GET", `/api/runs/${second.id}/output`);
    expect(output.bytes).toEqual(first.bytes("stdout"));
    expect(await counter.count()).toBe(1);

    const after = await cacheOf(daemon);
    expect(after.hits - before.hits).toBe(1);
    expect(after.misses - before.misses).toBe(1);
    // What every reader asks for is counted apart.
    expect(after.processHits + after.processMisses).toBeGreaterThan(
      before.processHits + before.processMisses,
    );
    expect(after.hitRate).toBeCloseTo(after.hits / (after.hits + after.misses));
  });

  test("a result of one login shell is not answered for another", async () => {
    await using counter = await openCounter();
    const host = `shell-${backend}`;
    const { address, port, user, clientKey } = daemon.sshd;
    const body = { name: host, address, port, user, identityFile: clientKey.path };
    await daemon.client.call("createHost", { body });
    const counts: number[] = [];
    for (const loginShell of [false, true, true, false]) {
      await daemon.client.call("updateHost", { params: { host }, body: { loginShell } });
      await daemon.run(counter.command, { ...cached, host });
      counts.push(await counter.count());
    }
    expect(counts).toEqual([1, 2, 2, 2]);
  });

  test("a run that is run again runs, unless a result is asked for", async () => {
    await using counter = await openCounter();
    const { id } = await daemon.run(counter.command, cached);
    const again = async (body: object) => {
      const run = await daemon.client.call("rerun", { params: { run: id }, body });
      return new RunReading().follow(await daemon.http.open("GET", `/api/runs/${run.id}/events`));
    };
    await again({});
    expect(await counter.count()).toBe(2);
    await again(cached);
    expect(await counter.count()).toBe(2);
  });

  test("one that is run again renews the result, and removes it where it cannot be reused", async () => {
    await using directory = await openDirectory();
    const file = directory.join("value");
    const command = `cat ${file}; ! grep -q bad ${file}`;
    const textOf = async (options: object) => (await daemon.run(command, options)).text();
    const rerun = async (id: string) => {
      const run = await daemon.client.call("rerun", { params: { run: id }, body: {} });
      await new RunReading().follow(await daemon.http.open("GET", `/api/runs/${run.id}/events`));
    };
    await writeFile(file, "1");
    const { id } = await daemon.run(command, cached);
    await writeFile(file, "2");
    expect(await textOf(cached)).toBe("1");
    expect(await textOf({ ...cached, cache: "renew" })).toBe("2");
    await writeFile(file, "3");
    expect(await textOf(cached)).toBe("2");
    await rerun(id);
    expect(await textOf(cached)).toBe("3");
    await writeFile(file, "4 bad");
    await rerun(id);
    await writeFile(file, "5");
    expect(await textOf(cached)).toBe("5");
    // Without a time to keep it, the result is in nobody's way.
    await writeFile(file, "6");
    expect(await textOf({ cache: "renew" })).toBe("6");
    await writeFile(file, "7");
    expect(await textOf(cached)).toBe("7");
  });

  test("a job that is run again runs everywhere, and renews the results", async () => {
    await using counter = await openCounter();
    const { address, port, user, clientKey } = daemon.sshd;
    const name = `job-${backend}`;
    await daemon.client.call("createHost", {
      body: { name, address, port, user, identityFile: clientKey.path },
    });
    const body = { targets: [name], command: counter.command, ...cached };
    const ended = async (job: string) => {
      for await (const { event } of daemon.client.jobEvents(job)) if (event.type === "jobComplete") return;
    };
    const { id } = await daemon.client.call("createJob", { body });
    await ended(id);
    await ended((await daemon.client.call("createJob", { body })).id);
    expect(await counter.count()).toBe(1);
    const again = await daemon.client.call("rerunJob", { params: { job: id }, body: { only: "all" } });
    await ended(again.id);
    expect(await counter.count()).toBe(2);
    await ended((await daemon.client.call("createJob", { body })).id);
    expect(await counter.count()).toBe(2);
  });

  test("a result that is older than asked for is not answered", async () => {
    await using counter = await openCounter();
    await daemon.run(counter.command, { cacheTtlMs: 60_000 });
    const before = await cacheOf(daemon);
    await delay(120);
    await daemon.run(counter.command, { cacheTtlMs: 100 });
    expect(await counter.count()).toBe(2);
    // One that could not be used is no hit.
    const after = await cacheOf(daemon);
    expect([after.hits - before.hits, after.misses - before.misses]).toEqual([0, 1]);
  });

  test("nothing is answered from it unless that was asked for", async () => {
    await using counter = await openCounter();
    await daemon.run(counter.command, cached);
    await daemon.run(counter.command);
    expect(await counter.count()).toBe(2);
  });

  test.each([
    ["another status than 0", "; exit 1", {}],
    ["a signal", "; kill -TERM $$", {}],
    ["output beyond the limit", "; echo too long", { recordLimitBytes: 3 }],
  ])("a run that ended with %s is not kept", async (_what, end, options) => {
    await using counter = await openCounter();
    await daemon.run(`${counter.command}${end}`, { ...cached, ...options });
    await daemon.run(`${counter.command}${end}`, { ...cached, ...options });
    expect(await counter.count()).toBe(2);
  });

  test("ten requests at once with one Idempotency-Key are one execution", async () => {
    await using counter = await openCounter();
    const json = { host: "web1", command: `${counter.command}; sleep 0.1`, ...cached };
    const headers = { "idempotency-key": `ten-${backend}` };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => daemon.http.ask("POST", "/api/runs", { headers, json })),
    );
    const ids = new Set(answers.map((answer) => Run.parse(answer.json()).id));
    for (const id of ids) {
      await new RunReading().follow(await daemon.http.open("GET", `/api/runs/${id}/events`));
    }
    expect(ids.size).toBe(1);
    expect(await counter.count()).toBe(1);
  });

  test("asked for by many at once it runs once", async () => {
    await untilConnected(daemon, true);
    await using counter = await openCounter();
    await using gate = await openGate();
    const heads = await Promise.all(
      Array.from({ length: 12 }, () =>
        daemon.stream(`${counter.command}; ${gate.wait}; echo shared; echo err >&2`, cached),
      ),
    );
    await gate.open();
    const runs = await Promise.all(heads.map((head) => new RunReading().follow(head)));
    expect(await counter.count()).toBe(1);
    for (const run of runs) {
      expect([run.text(), run.complete.exitCode]).toEqual(["shared\n", 0]);
      expect(run.complete.sha256).toEqual(runs[0]?.complete.sha256);
    }
    const stored = await Promise.all(
      runs.map(({ id }) => daemon.client.call("getRun", { params: { run: id } })),
    );
    expect(stored.filter((run) => run.cached)).toHaveLength(11);
  });

  test("a run that fails stands for itself alone, also where many ask at once", async () => {
    await using counter = await openCounter();
    const command = `${counter.command}; exit 3`;
    const runs = await Promise.all(Array.from({ length: 6 }, () => daemon.run(command, cached)));
    expect(runs.map(({ complete }) => complete.exitCode)).toEqual([3, 3, 3, 3, 3, 3]);
    expect(await counter.count()).toBe(6);
  });

  test("of those that wait for a run that is cancelled, one takes its place and the rest wait for that", async () => {
    await using counter = await openCounter();
    await using gate = await openGate();
    const command = `${counter.command}; ${gate.wait}; echo taken over`;
    const leader = new RunReading();
    const messages = readMessages(await daemon.stream(command, cached));
    await leader.until(messages, ({ type }) => type === "init");
    const heads = await Promise.all(Array.from({ length: 6 }, () => daemon.stream(command, cached)));
    await expect.poll(() => counter.count()).toBe(1);
    await daemon.client.call("cancelRun", { params: { run: leader.id }, body: {} });
    await expect.poll(() => counter.count()).toBe(2);
    await gate.open();
    const runs = await Promise.all(heads.map((head) => new RunReading().follow(head)));
    expect(runs.map((run) => run.text())).toEqual(runs.map(() => "taken over\n"));
    expect(await counter.count()).toBe(2);
  });

  test("a run that waits for another one's result can be cancelled, and the other goes on", async () => {
    await using gate = await openGate();
    const command = `${gate.wait}; echo waited`;
    const leader = new RunReading().follow(await daemon.stream(command, cached));
    const waiting = new RunReading();
    const messages = readMessages(await daemon.stream(command, cached));
    await waiting.until(messages, ({ type }) => type === "init");
    await daemon.client.call("cancelRun", { params: { run: waiting.id }, body: {} });
    await waiting.until(messages, ({ type }) => type === "complete");
    expect(waiting.complete.outcome).toBe("cancelled");
    await gate.open();
    expect((await leader).text()).toBe("waited\n");
  });

  test("what is written to a command while it runs is part of no key: it runs each time", async () => {
    const read = async (line: string): Promise<string> => {
      const run = new RunReading();
      const messages = readMessages(await daemon.stream("cat", { ...cached, stdinOpen: true }));
      await run.until(messages, ({ type }) => type === "init");
      await daemon.client.call("runStdin", { params: { run: run.id }, body: { data: line, end: true } });
      await run.until(messages, ({ type }) => type === "complete");
      return run.text();
    };
    expect([await read("one\n"), await read("two\n")]).toEqual(["one\n", "two\n"]);
  });

  test("other circumstances are another result", async () => {
    await using counter = await openCounter();
    const variants = [
      {},
      { env: { A: "1" } },
      { env: { A: "2" } },
      { cwd: "/" },
      { stdin: "x" },
      { useBash: true },
    ];
    for (const variant of variants) await daemon.run(counter.command, { ...cached, ...variant });
    for (const variant of variants) await daemon.run(counter.command, { ...cached, ...variant });
    expect(await counter.count()).toBe(variants.length);
  });

  test("a deleted run is not answered from", async () => {
    await using counter = await openCounter();
    const run = await daemon.run(counter.command, cached);
    await daemon.client.call("deleteRun", { params: { run: run.id } });
    await daemon.run(counter.command, cached);
    expect(await counter.count()).toBe(2);
  });
});

/** Of 20 warm runs that are looked for in Redis, the times in milliseconds, sorted. */
async function timesOf(word: string): Promise<number[]> {
  const times: number[] = [];
  await shared.run("true");
  for (let count = 0; count < 20; count += 1) {
    const begun = performance.now();
    await shared.run(`echo ${word} ${count}`, cached);
    times.push(performance.now() - begun);
  }
  return times.sort((a, b) => a - b);
}

describe("Redis", () => {
  test("that hangs costs a run little, and is used again when it answers", async () => {
    await untilConnected(shared, true);
    await using counter = await openCounter();
    const usual = await timesOf("usual");
    process.kill(redis.pid, "SIGSTOP");
    try {
      const stopped = await timesOf("stopped");
      const rise = (at: number): string => ((stopped[at] ?? 0) - (usual[at] ?? 0)).toFixed(1);
      console.log(
        `With Redis stopped 20 warm runs take longer by: median ${rise(10)} ms, slowest ${rise(19)} ms`,
      );
      for (let count = 0; count < 3; count += 1) {
        const run = await shared.run(`${counter.command}; echo ${count}`, cached);
        expect(run.text()).toBe(`${count}\n`);
      }
      await untilConnected(shared, false);
      expect(await counter.count()).toBe(3);
      // The embedded cache serves meanwhile.
      const again = await shared.run(`${counter.command}; echo 2`, cached);
      expect(again.events[0]).toMatchObject({ run: { cached: true } });
    } finally {
      process.kill(redis.pid, "SIGCONT");
    }
    await untilConnected(shared, true);
  });

  test("that is killed ends no run, and is found again when it is back", async () => {
    await using own = await openRedis();
    await using daemon = await openHostedDaemon({ flags: ["--redis-url", own.url] });
    await untilConnected(daemon, true);
    await using counter = await openCounter();
    const running = daemon.run("echo begun; sleep 0.5; echo done", cached);
    endProcesses([own.pid]);
    await untilConnected(daemon, false);
    const meanwhile = await daemon.run(`${counter.command}; echo alone`, cached);
    expect(meanwhile.complete).toMatchObject({ outcome: "exited", exitCode: 0 });
    expect((await running).text()).toBe("begun\ndone\n");
    expect(await cacheOf(daemon)).toMatchObject({ backend: "redis", connected: false });

    await using back = await openRedis({ port: own.port });
    await untilConnected(daemon, true);
    expect(back.port).toBe(own.port);
    await daemon.run(`${counter.command}; echo kept`, cached);
    const hit = await daemon.run(`${counter.command}; echo kept`, cached);
    expect(hit.events[0]).toMatchObject({ run: { cached: true } });
    expect((await daemon.client.call("health")).pid).toBe(daemon.pid);
  });

  test("that is not there at the start does not keep the daemon from starting", async () => {
    await using daemon = await openHostedDaemon({ flags: ["--redis-url", "redis://127.0.0.1:1"] });
    expect((await daemon.run("echo up", cached)).text()).toBe("up\n");
    expect(await cacheOf(daemon)).toMatchObject({ backend: "redis", connected: false });
  });

  test("with a password shows it nowhere", async () => {
    const url = "redis://:top-secret-password@127.0.0.1:1";
    await using daemon = await openHostedDaemon({ environment: { HOSTRUN_REDIS_URL: url } });
    await daemon.run("true", cached);
    const settings = await daemon.http.ask("GET", "/api/settings");
    expect(settings.bytes.toString()).toContain("redis://:***@127.0.0.1:1");
    const log = await readFile(`${daemon.stateDirectory}/daemon.log`, "utf8");
    expect(log).toContain("Redis does not answer");
    expect(log).not.toContain("top-secret-password");
    expect(settings.bytes.toString()).not.toContain("top-secret-password");
  });
});
