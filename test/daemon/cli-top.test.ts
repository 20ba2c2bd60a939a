import { afterAll, expect, test } from "vitest";
import * as z from "zod";
import { Connection, Stats } from "../../protocol/stats.ts";
import { openCli } from "../support/cli.ts";
import { openSshd } from "../support/sshd.ts";
import { openTerminal, openTerminalOf } from "../support/terminal.ts";

await using stack = new AsyncDisposableStack();
const sshd = stack.use(await openSshd());
const cli = stack.use(await openCli(sshd));
const owned = stack.move();
afterAll(() => owned.disposeAsync());

const Look = z.object({ stats: Stats, connections: z.array(Connection) });

async function look(): Promise<z.infer<typeof Look>> {
  const { status, stdout } = await cli.run(["top", "--once", "--json"]);
  expect(status).toBe(0);
  return Look.parse(JSON.parse(stdout.toString()));
}

test("shows nothing that was not measured", async () => {
  await cli.run(["stop"]);
  const away = await cli.run(["top", "--once"]);
  expect([away.status, away.stdout.length]).toEqual([1, 0]);
  expect(away.stderr.toString()).toContain("hostrun start");
  await cli.run(["start"]);
  const before = (await cli.run(["top", "--once"])).stdout.toString();
  for (const text of ["no look-ups yet", "no runs yet", "none in use", "none yet"])
    expect(before).toContain(text);
  expect(before).not.toContain("web1");
});

test("counts what was done, and how long that took", async () => {
  const spans: number[] = [];
  for (const command of ["true", "false", "sleep 0.3"]) {
    await cli.run(["run", "--no-worker", "web1", command]);
    const { stdout } = await cli.run(["show", "last", "--no-output", "--json"]);
    spans.push(
      z.object({ timings: z.object({ totalMs: z.number() }) }).parse(JSON.parse(stdout.toString())).timings
        .totalMs,
    );
  }
  await cli.run(["run", "--no-worker", "--cache-ttl", "60s", "web1", "echo kept"]);
  await cli.run(["run", "--no-worker", "--cache-ttl", "60s", "web1", "echo kept"]);
  const { stats, connections } = await look();
  const [host] = stats.latency.hosts;
  expect(stats.latency.hosts).toHaveLength(1);
  expect(host).toMatchObject({ host: "web1", warm: { count: 3 }, cold: { count: 1 } });
  expect(host?.latest.slice(0, 3).map(({ totalMs }) => totalMs)).toEqual(spans);
  expect(host?.latest.map(({ warm }) => warm)).toEqual([false, true, true, true]);
  // Each run is counted in the bucket that its time falls in.
  for (const kind of ["warm", "cold"] as const) {
    const times = (host?.latest ?? []).filter(({ warm }) => warm === (kind === "warm"));
    const bounds = (host?.buckets[kind] ?? []).map(({ upToMs }) => upToMs ?? Number.POSITIVE_INFINITY);
    const expected = bounds.map(
      (bound, at) => times.filter(({ totalMs: ms }) => ms <= bound && ms > (bounds[at - 1] ?? -1)).length,
    );
    expect(host?.buckets[kind].map(({ count }) => count)).toEqual(expected);
    const sorted = times.map(({ totalMs }) => totalMs).toSorted((a, b) => a - b);
    expect(host?.[kind].p99).toBe(sorted.at(-1));
  }
  expect(stats.cache).toMatchObject({ hits: 1, misses: 1, hitRate: 0.5 });
  expect(stats.runs.ended).toBe(5);
  expect(stats.pool).toMatchObject({ opened: 1, runs: 4, reused: 3 });
  expect(connections).toMatchObject([{ host: "web1", runs: 4 }]);
  const text = (await cli.run(["top", "--once"])).stdout.toString();
  expect(text).toContain("75.0 % (3 of 4)");
  expect(text).toContain("50.0 % (1 of 2)");
  expect(text).toMatch(new RegExp(`^${connections[0]?.id} +web1 `, "m"));
  const status = (await cli.run(["status"])).stdout.toString();
  expect(status).toMatch(/^Connections +1, 1 idle; 1 opened, reused 3 times$/m);
  expect(status).toMatch(/^Cache +memory, 1 hit, 1 miss$/m);
  expect(status).toMatch(/^Store +5 runs, /m);
});

test("is live on a terminal until a key ends it, and leaves that as it was", async () => {
  await cli.run(["start"]);
  const terminal = openTerminal(cli, "top", "--every", "200ms");
  await terminal.shows("Connections");
  const run = cli.run(["run", "web1", "sleep 1"]);
  await terminal.shows("1 running");
  await run;
  await terminal.shows("0 running");
  terminal.type("q");
  expect((await terminal.ended).status).toBe(0);
  expect(terminal.shown().startsWith("\u001b[?1049h")).toBe(true);
  expect(terminal.shown().endsWith("\u001b[?1049l")).toBe(true);
});

test("shows hosts on 24 lines of 80 columns, and goes on with the next daemon", async () => {
  await cli.run(["run", "web1", "true"]);
  const size = { rows: 24, columns: 80 };
  const terminal = openTerminalOf(size, cli, "top", "--every", "200ms");
  await terminal.shows("HOST");
  await terminal.shows("web1");
  await cli.run(["stop"]);
  await terminal.shows("it is looked for again.");
  await cli.run(["start"]);
  const { stdout } = await cli.run(["status", "--format", "{{.pid}}"]);
  await terminal.shows(`process ${stdout.toString().trim()};`);
  terminal.type("q");
  expect((await terminal.ended).status).toBe(0);
  const screens = terminal.shown().split("\u001b[H").slice(1);
  for (const screen of screens) {
    // oxlint-disable-next-line no-control-regex
    const lines = screen.replaceAll(/\u001b\[[\d;?]*[A-Za-z]/g, "").split("\n");
    expect(lines.length).toBeLessThanOrEqual(24);
    expect(lines.filter((line) => line.trimEnd().length > 80)).toEqual([]);
  }
});
