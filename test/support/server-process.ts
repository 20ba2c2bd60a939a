import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { connect, createServer, type ListenOptions, type Server } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

export interface ServerProcess extends AsyncDisposable {
  readonly pid: number;
  /** What it wrote to standard output and standard error so far. */
  output(): string;
  /** The next line that matches, also one that stands in the output already. */
  line(pattern: RegExp): Promise<string>;
  /**
   * Every process below it: a server's sessions and what runs in them. Parents first: killed in this order, none is
   * left to tell of another's end.
   */
  descendants(): Promise<number[]>;
}

/**
 * Starts a server and gives it back when it accepts connections at `address`:`port`, or, with `ready`, when it
 * has written a matching line. Disposing kills it and everything below it, by pid.
 */
export async function openServerProcess(
  command: readonly [string, ...string[]],
  readiness: { ready: RegExp } | { address: string; port: number },
): Promise<ServerProcess> {
  const child = spawn(command[0], command.slice(1), { stdio: ["ignore", "pipe", "pipe"] });
  const server = follow(child, command[0]);
  try {
    if ("ready" in readiness) await server.line(readiness.ready);
    else await untilAccepting(readiness.address, readiness.port, child);
  } catch (cause) {
    await server[Symbol.asyncDispose]();
    throw new Error(`${command.join(" ")} did not start: ${server.output()}`, { cause });
  }
  return server;
}

/** Ends processes by pid; those that are gone already are no failure. */
export function endProcesses(pids: readonly number[], signal: NodeJS.Signals = "SIGKILL"): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It ended by itself.
    }
  }
}

/** Below what the system gives to clients, and to servers that take any port (ip_local_port_range). */
const ports = { first: 11_000, last: 32_000 };

/**
 * A TCP port of `address` that nobody listens on, and that no other test is given as long as this process lives: a server
 * that is away finds its port free when it comes back, and none is taken for an earlier one with another host key.
 */
export async function freePort(address = "127.0.0.1"): Promise<number> {
  for (;;) {
    const port = randomInt(ports.first, ports.last + 1);
    // An abstract socket, which is gone with this process.
    if ((await listening({ path: `\0hostrun-test-port-${port}` })) === undefined) continue;
    const server = await listening({ port, host: address });
    if (server === undefined) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}

/** Undefined if the place is taken. */
async function listening(place: ListenOptions): Promise<Server | undefined> {
  const server = createServer().unref();
  server.listen(place);
  try {
    await once(server, "listening");
    return server;
  } catch (failure) {
    if (failure instanceof Error && "code" in failure && failure.code === "EADDRINUSE") return undefined;
    throw failure;
  }
}

export function portOf(server: Server): number {
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("not listening on TCP");
  return bound.port;
}

function follow(child: ChildProcess, name: string): ServerProcess {
  let output = "";
  const watchers = new Set<() => void>();
  const wake = (): void => {
    for (const watcher of watchers) watcher();
  };
  const gather = (chunk: string): void => {
    output += chunk;
    wake();
  };
  child.stdout?.setEncoding("utf8").on("data", gather);
  child.stderr?.setEncoding("utf8").on("data", gather);
  const ended = new Promise<void>((resolve) => {
    child.on("error", (failure) => gather(`${failure.message}\n`));
    child.on("close", () => resolve());
  });
  void ended.then(wake);
  const pid = child.pid ?? -1;
  return {
    pid,
    output: () => output,
    descendants: () => descendantsOf(pid),
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const line = output.split("\n").find((text) => pattern.test(text));
          if (line === undefined && child.exitCode === null && pid !== -1) return;
          watchers.delete(look);
          if (line === undefined) reject(new Error(`${name} ended: ${output}`));
          else resolve(line);
        };
        watchers.add(look);
        look();
      }),
    async [Symbol.asyncDispose]() {
      if (pid === -1) return;
      const below = await descendantsOf(pid);
      if (child.exitCode === null) child.kill("SIGKILL");
      endProcesses(below);
      await ended;
    },
  };
}

async function untilAccepting(address: string, port: number, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (child.exitCode === null && child.pid !== undefined) {
    const socket = connect(port, address);
    try {
      await once(socket, "connect");
      return;
    } catch (failure) {
      if (performance.now() > deadline) throw failure;
      // There is no event for a port of another process that opens.
      await delay(20);
    } finally {
      socket.destroy();
    }
  }
  throw new Error("it ended");
}

async function descendantsOf(root: number): Promise<number[]> {
  const parents = new Map<number, number[]>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "latin1").catch(() => "");
    const parent = Number(/\) \S (\d+)/.exec(stat)?.[1] ?? 0);
    parents.set(parent, [...(parents.get(parent) ?? []), Number(name)]);
  }
  const below = (pid: number): number[] =>
    (parents.get(pid) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(root);
}
