import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { openDaemon } from "../client/daemon.ts";
import { daemonFlags } from "../client/daemon-flags.ts";
import { openDatabase } from "../daemon/store/database.ts";
import { createRunStore } from "../daemon/store/runs.ts";
import { endedRun } from "../test/support/stored-run.ts";
import type { Bed } from "./bed.ts";
import { type Contender, race, samplesOf, timed } from "./contender.ts";
import type { SuiteOptions } from "./suite.ts";
import { type Goal, printTable } from "./table.ts";

const migrations = join(import.meta.dirname, "../migrations");

/** From the start of the daemon's process to its first response, with a store as after years of use. */
export async function startSuite(bed: Bed, options: SuiteOptions, signal: AbortSignal): Promise<Goal[]> {
  const count = options.short ? 100 : 100_000;
  const state = bed.directory.join("full");
  await mkdir(state, { mode: 0o700 });
  fill(join(state, "hostrun.db"), count);
  await startAndStop(bed, state, () => useOnce(bed, state));
  const contender: Contender = {
    name: `${count} runs in the store`,
    measure: () => startAndStop(bed, state),
  };
  const rounds = options.rounds ?? 10;
  const samples = await race(
    { contenders: [contender], rounds, inARow: 1, restMs: 100, until: options.until },
    signal,
  );
  const of = samplesOf(samples, contender);
  printTable(
    ["Start of the daemon to its first answer (ms)", "n", "p50", "p90"],
    [[contender.name, String(of.count), of.median.toFixed(0), of.quantile(0.9).toFixed(0)]],
  );
  const meaning = `start to the first answer with ${count} runs in the store, p50 in ms`;
  return [{ id: "P13", meaning, bound: "≤", limit: 250, value: of.median }];
}

function fill(path: string, count: number): void {
  using database = openDatabase({ path, migrations, nativeBinding: undefined });
  const store = createRunStore(database);
  const at = new Date().toISOString();
  // All in one commit: the cost of separate commits is measured elsewhere.
  database.sql.transaction(() => {
    for (let number = 0; number < count; number += 1) {
      store.create(endedRun(`echo ${number}`, `web${number % 100}`, at), [], undefined);
    }
  })();
}

/** Prepares a daemon that was used before: its compiled code is cached a second after its first run. */
async function useOnce({ sshd }: Bed, stateDirectory: string): Promise<void> {
  await using daemon = await openDaemon({ stateDirectory });
  const { address, port, user, clientKey } = sshd;
  await daemon.call("createHost", {
    body: { name: "any", address, port, user, identityFile: clientKey.path, hostKeyPolicy: "acceptNew" },
  });
  for await (const { event } of daemon.run({ host: "any", command: "true" })) {
    if (event.type === "complete" && event.exitCode !== 0) throw new Error(JSON.stringify(event));
  }
  await delay(2000);
}

async function startAndStop(
  { dist }: Bed,
  state: string,
  meanwhile = () => Promise.resolve(),
): Promise<number> {
  const socketPath = join(state, "daemon.sock");
  let child: ReturnType<typeof spawn> | undefined;
  const span = await timed(async () => {
    const script = join(dist, "daemon.cjs");
    // As client/launch.ts starts it.
    child = spawn(process.execPath, [...daemonFlags, script, "--state-dir", state], { stdio: "ignore" });
    while (!(existsSync(socketPath) && (await answers(socketPath)))) await delay(1);
  });
  await meanwhile();
  const ended = new Promise((resolve) => child?.once("exit", resolve));
  child?.kill("SIGTERM");
  await ended;
  return span;
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const outgoing = request({ socketPath, path: "/api/health", agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    outgoing.once("error", () => resolve(false));
    outgoing.end();
  });
}
