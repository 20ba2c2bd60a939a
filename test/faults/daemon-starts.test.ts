import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { openDaemon } from "../../client/daemon.ts";
import { isGone } from "../../client/end-daemon.ts";
import { builtDaemon } from "../support/cli.ts";
import { spawnDaemon } from "../support/daemon.ts";
import { openDirectory } from "../support/directory.ts";
import { times } from "../support/fault-counts.ts";

// The daemon refuses settings that it does not know, and the test run has variables of its own.
for (const name of Object.keys(process.env)) if (name.startsWith("HOSTRUN_")) delete process.env[name];

const rounds = times(6, 500);

interface Client extends Disposable {
  /** Finds the daemon or starts it, and gives back the pid that answered. */
  open(): Promise<number>;
}

function openClient(stateDirectory: string): Client {
  const module = new URL("../../client/daemon.ts", import.meta.url).href;
  const script = `
    const { openDaemon } = await import(${JSON.stringify(module)});
    const { createInterface } = await import("node:readline");
    for await (const _ of createInterface(process.stdin)) {
      try {
        await using daemon = await openDaemon(${JSON.stringify({ stateDirectory, daemonScript: builtDaemon })});
        // As it answered when it was found: it may be about to end.
        console.log(daemon.health.pid);
      } catch (failure) {
        console.log(String(failure));
      }
    }
  `;
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, [
    "--input-type=module",
    "-e",
    script,
  ]);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    async open() {
      child.stdin.write("go\n");
      const line = (await lines.next()).value;
      if (line === undefined || !/^\d+$/.test(line)) throw new Error(`Not served: ${line}`);
      return Number(line);
    },
    [Symbol.dispose]: () => child.kill(),
  };
}

test(`${rounds} times ten clients, and a service that starts as well, end with one daemon that serves all of them`, {
  timeout: times(120_000, 3_600_000),
}, async () => {
  await using directory = await openDirectory();
  const stateDirectory = directory.join("state");
  using stack = new DisposableStack();
  const clients = Array.from({ length: 10 }, () => stack.use(openClient(stateDirectory)));
  stack.defer(() => daemonsOf(stateDirectory).forEach((left) => process.kill(left, "SIGKILL")));
  let before: number | undefined;
  for (let round = 0; round < rounds; round += 1) {
    const how = before === undefined ? "gone" : await end(before, round);
    const opened = clients.map((client) => client.open());
    // As `hostrun daemon`, or a service that is started at this moment.
    const service = round % 2 === 0 ? spawnDaemon({ home: directory.path, stateDirectory }) : undefined;
    const answered = new Set(await Promise.all(opened));
    if (before !== undefined) await isGone(before, patienceMs);
    await using daemon = await openDaemon({ stateDirectory, daemonScript: builtDaemon });
    const { pid } = daemon.health;
    expect(daemon.discovery.pid).toBe(pid);
    // Who came while the one before was about to end may have been served by that.
    answered.delete(before ?? pid);
    answered.delete(pid);
    expect([...answered], `round ${round}, ${how}`).toEqual([]);
    if (service !== undefined && service.pid !== pid) await service.ended;
    // One that finds the place taken ends by itself.
    await expect.poll(() => daemonsOf(stateDirectory), { timeout: patienceMs }).toEqual([pid]);
    before = pid;
  }
});

/** The daemons of a state directory, also those that have not answered anybody. */
function daemonsOf(stateDirectory: string): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => isDaemon(pid, stateDirectory));
}

/** Whether a process is the daemon of a state directory, and not one that a daemon has started. */
function isDaemon(pid: number, stateDirectory: string): boolean {
  try {
    const [args, environment] = ["cmdline", "environ"].map((of) =>
      readFileSync(`/proc/${pid}/${of}`, "latin1"),
    );
    const isProgram = args?.split("\0").includes(builtDaemon) === true;
    return isProgram && `${args}${environment}`.includes(stateDirectory);
  } catch {
    return false;
  }
}

const patienceMs = 60_000;

/** The one before is there no more, was killed and has left everything, or is about to end. */
async function end(pid: number, round: number): Promise<string> {
  const how = ["gone", "killed", "ending"][round % 3] ?? "gone";
  process.kill(pid, how === "killed" ? "SIGKILL" : "SIGTERM");
  if (how !== "ending") await isGone(pid, patienceMs);
  return how;
}
