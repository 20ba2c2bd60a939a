import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import type { TestDaemon } from "../support/daemon.ts";
import { openDirectory } from "../support/directory.ts";
import { until } from "../support/durable.ts";
import { openLeavingHost } from "../support/leaving-host.ts";
import { liveProcesses, untilLive } from "../support/process-groups.ts";
import { RunReading, readMessages } from "../support/run-stream.ts";

/** A host that can be away, and a file that commands on it write to. */
async function openPlaces() {
  await using own = new AsyncDisposableStack();
  const directory = own.use(await openDirectory());
  const host = own.use(await openLeavingHost(directory, directory.join("state")));
  const owned = own.move();
  return {
    ...host,
    told: directory.join("told"),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

let marks = 0;
/** A run that is stopped while its host is away, and has ended by that without the host. */
async function stoppedInVain(
  { daemon, told, leave }: Awaited<ReturnType<typeof openPlaces>>,
  how: { readonly timeoutMs: number } | { readonly graceMs: number },
) {
  marks += 1;
  const mark = `4000.${process.pid}${marks}`;
  const deaf = `(trap '' INT TERM; while :; do sleep ${mark}; done) &`;
  const command = `trap 'echo INT >>${told}; exit' INT; ${deaf} while :; do sleep ${mark}; done`;
  const { timeoutMs } = { timeoutMs: 0, ...how };
  const body = { host: "web1", command, durable: true, timeoutMs };
  const { id } = await daemon.client.call("createRun", { body });
  const reading = new RunReading();
  const messages = readMessages(await daemon.http.open("GET", `/api/runs/${id}/events`));
  await reading.until(messages, (event) => event.type === "status" && event.state === "running");
  await untilLive(mark, 2);
  await leave();
  if ("graceMs" in how) await daemon.client.call("cancelRun", { params: { run: id }, body: how });
  await reading.until(messages, ({ type }) => type === "complete");
  const alive = async () => (await liveProcesses()).filter(({ words }) => words.includes(mark));
  expect(await alive()).toHaveLength(2);
  return { id, reading, alive };
}

async function killed(daemon: TestDaemon): Promise<void> {
  await daemon.kill("SIGKILL");
  await daemon[Symbol.asyncDispose]();
}

test.concurrent.each([
  ["a run that was cancelled", "cancelled", { graceMs: 500 }, {}],
  // Enough for its host to leave before, on a machine that is busy.
  ["a run that was out of time", "timedOut", { timeoutMs: 6000 }, {}],
  [
    "a run that was cancelled, whose daemon was killed since then",
    "cancelled",
    { graceMs: 500 },
    { isKilled: true },
  ],
  [
    "a run that was cancelled and then deleted, whose daemon was killed since then",
    "cancelled",
    { graceMs: 500 },
    { isDeleted: true, isKilled: true },
  ],
] as const)(
  "%s while its host was away is ended there when the host is back",
  { timeout: 120_000 },
  async (_, outcome, how, since) => {
    const { isDeleted, isKilled } = { isDeleted: false, isKilled: false, ...since };
    await using places = await openPlaces();
    const { id, reading, alive } = await stoppedInVain(places, how);
    expect(reading.complete).toMatchObject({ outcome, stopConfirmed: false });
    const said =
      "web1 did not confirm that the command ended; it may still run there, and Hostrun keeps trying to end it";
    expect(reading.of("status").at(-1)?.message).toBe(said);
    if (isDeleted) await places.daemon.client.call("deleteRun", { params: { run: id } });
    if (isKilled) await killed(places.daemon);
    expect(await places.files()).toContain(id);
    await places.comeBack();
    if (isKilled) await places.open();
    await until(async () => !(await places.files()).includes(id));
    expect(await alive()).toEqual([]);
    expect(await readFile(places.told, "utf8")).toBe("INT\n");
  },
);
