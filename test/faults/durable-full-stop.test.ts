import { rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDirectory } from "../support/directory.ts";
import { plannedRuns, until } from "../support/durable.ts";
import { openLeavingHost } from "../support/leaving-host.ts";
import { liveProcesses, untilLive } from "../support/process-groups.ts";
import { RunReading, readMessages } from "../support/run-stream.ts";
import { openSmallDisk } from "../support/small-disk.ts";

/** A host that can be away, and a daemon on a disk that can be full. */
async function openPlaces() {
  await using own = new AsyncDisposableStack();
  const disk = own.use(await openSmallDisk(16));
  const directory = own.use(await openDirectory({ readable: true }));
  const stateDirectory = join(disk.path, "state");
  const host = own.use(await openLeavingHost(directory, stateDirectory));
  const owned = own.move();
  return {
    ...host,
    disk,
    plans: () => plannedRuns(stateDirectory),
    gate: directory.join("gate"),
    /** Also what is kept for endings is used up. */
    fill: () => {
      disk.fill();
      rmSync(join(stateDirectory, "hostrun.db-reserve"));
      disk.fill();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

test.concurrent.for([{ isKilled: false }, { isKilled: true }])(
  "a run that is cancelled on a full disk, its host away, is ended when the host is back, and its files stay: %o",
  { timeout: 120_000 },
  async ({ isKilled }, { onTestFinished }) => {
    await using places = await openPlaces();
    const { disk, daemon, gate, files, plans } = places;
    const mark = `4200.${process.pid}${isKilled ? 1 : 0}`;
    const alive = async () => (await liveProcesses()).filter(({ words }) => words.includes(mark));
    onTestFinished(async () => {
      for (const { group } of await alive()) process.kill(-group, "SIGKILL");
    });
    const command = `echo A; until [ -e ${gate} ]; do sleep 0.05; done; echo B; while :; do sleep ${mark}; done`;
    const body = { host: "web1", command, durable: true };
    const { id } = await daemon.client.call("createRun", { body });
    const reading = new RunReading();
    const messages = readMessages(await daemon.http.open("GET", `/api/runs/${id}/events`));
    await reading.until(messages, () => reading.text() === "A\n");
    places.fill();
    await writeFile(gate, "");
    await untilLive(mark, 1);
    await reading.until(messages, (event) => event.type === "status" && event.message.includes("is full"));
    await places.leave();
    await daemon.client.call("cancelRun", { params: { run: id }, body: { graceMs: 500 } });
    await reading.until(messages, ({ type }) => type === "complete");
    expect(reading.complete).toMatchObject({ outcome: "unknown", stopConfirmed: false });
    expect(reading.problem.code).toBe("storage_full");
    expect(reading.problem.message).toContain("The run on web1 ended (cancelled), but the history");
    expect(await alive()).toHaveLength(1);

    if (isKilled) {
      disk.makeRoom();
      await until(async () => plans().some(({ plan }) => plan.keepsFiles === true));
      await daemon.kill("SIGKILL");
      await daemon[Symbol.asyncDispose]();
    }
    await places.comeBack();
    if (isKilled) await places.open();
    await until(async () => (await alive()).length === 0);
    if (!isKilled) disk.makeRoom();
    await until(async () => plans().length === 0);
    expect(await files()).toContain(id);
  },
);
