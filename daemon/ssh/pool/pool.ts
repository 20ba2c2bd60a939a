import type { ChangeInput } from "../../../protocol/change.ts";
import { Problem } from "../../../protocol/problem.ts";
import type { Connection } from "../../../protocol/stats.ts";
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import type { LoginShell, ShellMemory } from "../../transport/login-shell.ts";
import { isSameLogin, type SecretMemory, type SecretPlace } from "../../transport/secret-memory.ts";
import type {
  ConnectListener,
  ConnectOptions,
  ExecRequest,
  HostProbe,
  ProbeOptions,
  Remote,
  RemoteListener,
  RemoteProcess,
  Target,
} from "../../transport/remote.ts";
import { refuseUnmetNeeds } from "../../transport/ssh2-needs.ts";
import { CredentialSource, type CredentialSourceOptions } from "../auth/credentials.ts";
import { LoginLookups } from "../auth/login-lookups.ts";
import { createDialer, type SshLogin } from "./dial.ts";
import type { ProxyContext } from "../connect/proxy-command.ts";
import { WindowBudget } from "../connect/receive-window.ts";
import { ConnectDeadline } from "../connect/deadline.ts";
import { channelRefused, onTheWayTo, unreachable } from "../failure.ts";
import { markOf } from "../stage.ts";
import type { KnownHosts } from "../host-keys/known-hosts.ts";
import { bucketKey } from "./pool-buckets.ts";
import type { PoolMetrics, PoolLimits } from "./limits.ts";
import type { AcquireRequest, PooledConnection } from "./pooled-connection.ts";
import { ConnectionPool } from "./connection-pool.ts";
import type { Lease } from "./lease.ts";
import { pooledProcess } from "./pooled-process.ts";
import { hasNativeCrypto } from "../ssh2-internals.ts";
import type { CommandRequest } from "../channel/exec.ts";
import { LoginShells } from "../channel/login-shells.ts";
import { respondentOf } from "./respondent.ts";
import { probeSession } from "./session-probe.ts";
import { startCommand } from "./start-command.ts";

export interface PoolOptions {
  /** Read at each use: a changed setting applies immediately. */
  readonly limits: () => PoolLimits;
  readonly knownHosts: KnownHosts;
  readonly clock: Clock;
  readonly log: Log;
  readonly shells: ShellMemory;
  /** The process environment, and how to end what a person's commands have started. */
  readonly environment: Omit<CredentialSourceOptions, "requiredRsaSize"> & ProxyContext;
  /** The login for hosts that ssh2 can't log in to. */
  readonly openSsh: SshLogin;
  readonly secrets: SecretMemory;
  onChange(change: Extract<ChangeInput, { type: "connectionOpened" | "connectionClosed" }>): void;
}

/** The daemon's SSH connections, kept for later runs. Disposing closes them all. */
export interface Pool extends Remote, AsyncDisposable {
  list(): Connection[];
  /** False if there is no such connection. Runs on it end as lost. */
  close(id: string): boolean;
  /** Closes the connections of this login; those in use accept no further requests, and are closed once unused. */
  retire(login: SecretPlace): void;
  /** Applies a changed idle time to the connections that are idle already. */
  limitsChanged(): void;
  metrics(): PoolMetrics;
  /** Whether ssh2 decodes in its native binding rather than in JavaScript. */
  readonly nativeCrypto: boolean;
}

/** The number of connections on which a refused session is tried. */
const maxConnectionsTried = 3;
/** The number of sessions that may close before they accept the command. */
const maxSessionsTried = 3;
const sessionsClosed = "closes every session before it takes the command. Look at the server's log.";

export function openPool(options: PoolOptions): Pool {
  const { clock, log } = options;
  const requiredRsaSize = (): number => options.limits().requiredRsaSize;
  const source = new CredentialSource({ ...options.environment, requiredRsaSize });
  const lookups = new LoginLookups(source, clock);
  const windows = new WindowBudget();
  const dial = createDialer({ ...options, source, windows, proxy: options.environment }, (request, signal) =>
    connections.acquire(request, signal),
  );
  const shells = new LoginShells(options.shells);
  const connections: ConnectionPool = new ConnectionPool({
    limits: options.limits,
    clock,
    connect: dial,
    opened: (pooled) => options.onChange({ type: "connectionOpened", connection: pooled.describe() }),
    closed: (pooled) => options.onChange({ type: "connectionClosed", connection: pooled.describe() }),
  });
  return {
    exec: (target, request, listener, signal) =>
      exec({ connections, lookups, shells, windows, clock, log }, target, { request, listener, signal }),
    probe: (target, how, signal) => probe({ connections, lookups, clock }, target, { ...how, signal }),
    identity: async (target, { agentSocket, askedAt }) =>
      bucketKey(await lookups.of(target, agentSocket, askedAt)),
    prepare: (target, agentSocket) => lookups.begin(target, agentSocket),
    list: () => connections.all().map((pooled) => pooled.describe()),
    close(id) {
      const pooled = connections.all().find((each) => each.id === id);
      if (pooled !== undefined) connections.close(pooled);
      return pooled !== undefined;
    },
    retire(login) {
      for (const pooled of connections.all()) {
        if (isSameLogin(pooled.target, login)) connections.retire(pooled);
      }
    },
    limitsChanged: () => connections.limitsChanged(),
    metrics: () => connections.metrics(),
    nativeCrypto: hasNativeCrypto(),
    [Symbol.asyncDispose]() {
      connections.stop(new Problem("daemon_stopped", "Hostrun is stopping."));
      return Promise.resolve();
    },
  };
}

interface Parts {
  readonly connections: ConnectionPool;
  readonly lookups: LoginLookups;
  readonly shells: LoginShells;
  readonly windows: WindowBudget;
  readonly clock: Clock;
  readonly log: Log;
}

interface Execution {
  readonly request: ExecRequest;
  readonly listener: RemoteListener & ConnectListener;
  readonly signal: AbortSignal;
}

async function exec(parts: Parts, target: Target, execution: Execution): Promise<RemoteProcess> {
  const { request, listener, signal } = execution;
  const { connections, lookups, shells, windows, clock, log } = parts;
  const begun = clock.elapsed();
  using deadline = new ConnectDeadline(target, request.connectTimeoutMs, signal);
  const avoid = new Set<PooledConnection>();
  const first = await requestFor(target, request, { connections, lookups, deadline });
  let lost = 0;
  let closed = 0;
  for (;;) {
    const wanted: AcquireRequest = {
      ...first,
      avoid,
      step: (text) => listener.step(text),
      banner: (text, hop, from) => listener.banner(text, hop, from),
    };
    const lease = await acquire(connections, wanted, deadline.signal);
    const known = shells.of(lease.connection, hasVariables(request));
    deadline.at = { stage: { at: "loginShell" }, hop: target };
    const shell = typeof known === "string" ? known : await whileLeased(lease, deadline.bound(known));
    const leased = clock.elapsed();
    const { connection } = lease;
    const started = await startCommand({
      lease,
      request: async () => commandRequest(request, (await connection.forcesCommand()) ? "none" : shell),
      listener,
      deadline,
      log,
      windows,
      onSent: () => connections.prepareSpare(lease.pooled),
    });
    if (started.kind === "started") {
      const timings = { connectMs: lease.reused ? 0 : leased - begun, channelMs: clock.elapsed() - leased };
      return pooledProcess(parts, lease, { ...timings, process: started.process });
    }
    if (started.kind === "closed") {
      closed += 1;
      if (closed === maxSessionsTried) throw channelRefused(target, sessionsClosed);
      continue;
    }
    avoid.add(lease.pooled);
    if (started.kind === "lost") {
      lost += 1;
      if (lost > 1) throw unreachable(target, "closed");
    } else {
      lease.pooled.sessionRefused();
      if (avoid.size >= maxConnectionsTried) {
        throw channelRefused(target, "opens no session for the command. It may allow none (MaxSessions).");
      }
    }
  }
}

/** Frees the lease if `work` fails. */
async function whileLeased<Result>(lease: Lease, work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (failure) {
    lease[Symbol.dispose]();
    throw failure;
  }
}

/** If the shell is unknown, no command line can set these. */
function hasVariables({ env }: ExecRequest): boolean {
  return Object.keys(env?.("none") ?? {}).length > 0;
}

function commandRequest({ command, env, pty, inputEnds }: ExecRequest, shell: LoginShell): CommandRequest {
  const variables = { values: env?.(shell) ?? {}, required: shell === "none" };
  return { command: command(shell), variables, pty, inputEnds: inputEnds?.() === true };
}

async function probe(
  { connections, lookups, clock }: Pick<Parts, "connections" | "lookups" | "clock">,
  target: Target,
  options: ProbeOptions & { signal: AbortSignal },
): Promise<HostProbe> {
  const begun = clock.elapsed();
  const { mark = () => undefined, fresh = false, exec: withSession = false } = options;
  using deadline = new ConnectDeadline(target, options.connectTimeoutMs, options.signal);
  mark("configure", target);
  const request = await requestFor(target, options, { connections, lookups, deadline });
  const wanted: AcquireRequest = {
    ...request,
    purpose: "probe",
    avoid: new Set(fresh ? connections.all() : []),
    stage: (stage, hop) => {
      request.stage(stage, hop);
      mark(markOf(stage), hop);
    },
  };
  using lease = await acquire(connections, wanted, deadline.signal);
  if (lease.reused) mark("reused", target);
  const connectMs = lease.reused ? 0 : clock.elapsed() - begun;
  if (withSession) mark("exec", target);
  const session = withSession ? { session: await deadline.bound(probeSession(lease)) } : {};
  return {
    connection: lease.pooled.describe(),
    reused: lease.reused,
    connectMs,
    hostKey: lease.connection.hostKey,
    ...session,
  };
}

/** Looks up the credentials again: a connection of another login must not serve this request. */
async function requestFor(
  target: Target,
  { agentSocket, askedAt, questioner }: ConnectOptions,
  { connections, lookups, deadline }: Pick<Parts, "connections" | "lookups"> & { deadline: ConnectDeadline },
): Promise<AcquireRequest> {
  refuseUnmetNeeds(target);
  const order = connections.nextOrder();
  deadline.at = { stage: { at: "credentials" }, hop: target };
  return {
    target: await deadline.bound(lookups.of(target, agentSocket, askedAt)),
    purpose: "session",
    order,
    avoid: new Set(),
    step: () => undefined,
    banner: () => undefined,
    respondent: respondentOf(questioner, deadline),
    pause: () => deadline.pause(),
    stage: (stage, hop) => {
      deadline.at = { stage, hop };
    },
  };
}

async function acquire(
  connections: ConnectionPool,
  wanted: AcquireRequest,
  signal: AbortSignal,
): Promise<Lease> {
  try {
    return await connections.acquire(wanted, signal);
  } catch (failure) {
    throw failure instanceof Problem ? onTheWayTo(wanted.target, failure) : failure;
  }
}
