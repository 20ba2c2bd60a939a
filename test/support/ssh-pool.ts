import { EventEmitter, once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../daemon/core/clock.ts";
import { type Log, silentLog } from "../../daemon/core/log.ts";
import type { ShellMemory } from "../../daemon/transport/login-shell.ts";
import type { UserFiles } from "../../daemon/core/user-files.ts";
import type { ExecRequest, RemoteEnd, RemoteProcess, Target } from "../../daemon/transport/remote.ts";
import { type KnownHosts, openKnownHosts } from "../../daemon/ssh/host-keys/known-hosts.ts";
import { openOpenSsh } from "../../daemon/openssh/openssh.ts";
import type { PoolLimits } from "../../daemon/ssh/pool/limits.ts";
import { openPool, type Pool, type PoolOptions } from "../../daemon/ssh/pool/pool.ts";
import { SecretMemory } from "../../daemon/transport/secret-memory.ts";
import { openDirectory } from "./directory.ts";
import type { SshKey } from "./ssh-key.ts";
import { testTransport } from "./transport.ts";
import { openTestFiles } from "./user-files.ts";
import { plainHopSettings } from "../../daemon/transport/hop-settings.ts";

export interface FinishedRun {
  readonly process: RemoteProcess;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly end: RemoteEnd;
}

/** A command on its way; `finished` resolves at its end. */
export interface StartedRun {
  readonly process: RemoteProcess;
  readonly steps: readonly string[];
  readonly finished: Promise<FinishedRun>;
  /** Resolves as soon as standard output holds `text`. */
  shown(text: string): Promise<void>;
}

export interface TestPool extends AsyncDisposable {
  readonly pool: Pool;
  readonly knownHosts: KnownHosts;
  /** Hostrun's own known_hosts file. */
  readonly knownHostsPath: string;
  readonly changes: { readonly type: string }[];
  /** Resolves at the next change of this type. */
  changed(type: string): Promise<void>;
  start(target: Target, command: string, options?: StartOptions): Promise<StartedRun>;
  run(target: Target, command: string, options?: StartOptions): Promise<FinishedRun>;
  /** Resolves when the run waits for a free connection. */
  queue(
    target: Target,
    command: string,
    options?: StartOptions,
  ): Promise<{ readonly over: Promise<FinishedRun> }>;
}

export interface StartOptions extends Partial<Omit<ExecRequest, "command">> {
  signal?: AbortSignal;
  stdout?: (chunk: Buffer) => void;
  /** Called with what happens on the way. */
  step?: (message: string) => void;
}

export interface TestPoolOptions {
  /** What is remembered of login shells; by default that there is none that could be asked. */
  readonly shells?: ShellMemory;
  /** Servers whose keys are known from the beginning. */
  readonly trust?: readonly { readonly knownHosts: string }[];
  readonly limits?: Partial<PoolLimits>;
  readonly agentSocket?: string | null;
  readonly secrets?: SecretMemory;
  /** Default: an empty directory. */
  readonly home?: string;
  readonly log?: Log;
}

/** Of all pools of a test file, since it takes a process to start, which ends with this one. */
let sharedFiles: UserFiles | undefined;

/** The daemon's pool on its own, with a home directory, an agent and known hosts that are not the machine's. */
export async function openSshPool(options: TestPoolOptions = {}): Promise<TestPool> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await openDirectory());
  const home = options.home ?? directory.path;
  await mkdir(join(home, ".ssh"), { recursive: true, mode: 0o700 });
  const userFile = join(home, ".ssh/known_hosts");
  const knownHostsPath = directory.join("known_hosts");
  await writeFile(userFile, (options.trust ?? []).map(({ knownHosts }) => knownHosts).join(""));
  const log = options.log ?? silentLog;
  const files = (sharedFiles ??= openTestFiles());
  const knownHosts = openKnownHosts({
    own: knownHostsPath,
    user: [userFile],
    global: [],
    environment: process.env,
    files,
    clock: systemClock,
    log,
  });
  const limits: PoolLimits = {
    maxConnections: 200,
    idleMs: 60_000,
    channelsPerConnection: 5,
    keepaliveMs: 5000,
    requiredRsaSize: 2048,
    ...options.limits,
  };
  const emitter = new EventEmitter();
  const changes: { type: string }[] = [];
  const openSsh = stack.use(
    openOpenSsh({
      home,
      ownKnownHosts: knownHostsPath,
      stateDirectory: directory.path,
      environment: { PATH: process.env["PATH"] },
      runtime: process.execPath,
      uid: userInfo().uid,
    }),
  );
  const poolOptions: Omit<PoolOptions, "openSsh"> = {
    limits: () => limits,
    knownHosts,
    secrets: options.secrets ?? new SecretMemory(),
    shells: options.shells ?? { get: () => "none", set: () => undefined, forget: () => undefined },
    clock: systemClock,
    log,
    environment: {
      environment: process.env,
      endGroup: (pid) => process.kill(-pid, "SIGKILL"),
      home,
      agentSocket: options.agentSocket ?? null,
      uid: userInfo().uid,
      keyOpener: join(import.meta.dirname, "../../daemon/key-opener.ts"),
      files,
    },
    onChange: (change) => {
      changes.push(change);
      emitter.emit(change.type);
    },
  };
  const pool = stack.use(openPool({ ...poolOptions, openSsh: openSsh.login }));
  const owned = stack.move();
  const begin = (target: Target, command: string, how: StartOptions = {}): Promise<StartedRun> =>
    start(pool, target, { command, ...how });
  const run: TestPool["run"] = async (target, command, how) => (await begin(target, command, how)).finished;
  return {
    pool,
    knownHosts,
    knownHostsPath,
    changes,
    changed: async (type) => {
      await once(emitter, type);
    },
    start: begin,
    run,
    async queue(target, command, how) {
      const waits = Promise.withResolvers<void>();
      const step = (message: string): void => {
        if (message.startsWith("Waiting for a free connection")) waits.resolve();
      };
      const over = run(target, command, { ...how, step });
      over.catch(() => undefined);
      await waits.promise;
      return { over };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A host as the pool takes it, logging in with the server's own client key. */
export function targetOf(
  server: { address: string; port: number; user: string; clientKey: SshKey },
  changes: Partial<Target> = {},
): Target {
  return {
    name: "web1",
    address: server.address,
    port: server.port,
    user: server.user,
    identityFiles: [server.clientKey.path],
    identitiesOnly: true,
    settings: { ...plainHopSettings, transport: testTransport },
    hostKeyPolicy: "ask",
    jump: [],
    ...changes,
  };
}

async function start(
  pool: Pool,
  target: Target,
  { command, signal, ...options }: StartOptions & { command: string },
): Promise<StartedRun> {
  const steps: string[] = [];
  const chunks: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
  const ended = Promise.withResolvers<RemoteEnd>();
  const watchers = new Set<() => void>();
  const listener = {
    step: (message: string) => {
      steps.push(message);
      options.step?.(message);
    },
    banner: () => undefined,
    stdout: (chunk: Buffer) => {
      chunks.stdout.push(Buffer.from(chunk));
      options.stdout?.(chunk);
      for (const watcher of watchers) watcher();
    },
    stderr: (chunk: Buffer) => void chunks.stderr.push(Buffer.from(chunk)),
    end: ended.resolve,
  };
  const request = {
    command: () => command,
    pty: null,
    connectTimeoutMs: 30_000,
    agentSocket: null,
    ...options,
  };
  const process = await pool.exec(target, request, listener, signal ?? new AbortController().signal);
  const output = (stream: "stdout" | "stderr"): Buffer => Buffer.concat(chunks[stream]);
  return {
    process,
    steps,
    finished: ended.promise.then((end) => ({
      process,
      stdout: output("stdout"),
      stderr: output("stderr"),
      end,
    })),
    shown: (text) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!output("stdout").includes(text)) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
      }),
  };
}
