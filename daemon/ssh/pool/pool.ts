import type { ChangeInput } from "../../../protocol/change.ts";
import { Problem } from "../../../protocol/problem.ts";
import type { Connection } from "../../../protocol/stats.ts";
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import type { LoginShell, ShellMemory } from "../../transport/login-shell.ts";
import type {
  ConnectOptions,
  ExecRequest,
  HostProbe,
  Remote,
  RemoteListener,
  RemoteProcess,
  Target,
} from "../../transport/remote.ts";
import type { ChannelProcess } from "../channel/channel-process.ts";
import { CredentialSource, type CredentialSourceOptions } from "../auth/credentials.ts";
import { createDialer } from "./dial.ts";
import { ConnectDeadline } from "../connect/deadline.ts";
import { channelRefused, onTheWayTo, unreachable } from "../failure.ts";
import type { KnownHosts } from "../host-keys/known-hosts.ts";
import { laneKey } from "./lanes.ts";
import type { PoolFigures, PoolLimits } from "./limits.ts";
import type { Link, Wish } from "./link.ts";
import { type Lease, Links } from "./links.ts";
import { hasNativeCrypto } from "../ssh2-internals.ts";
import { ask } from "../channel/question.ts";
import type { CommandRequest } from "../channel/session-channel.ts";
import { Shells } from "../channel/shells.ts";
import { startCommand } from "./start.ts";

export interface PoolOptions {
  /** Read at each use: a changed setting holds from then on. */
  readonly limits: () => PoolLimits;
  readonly knownHosts: KnownHosts;
  readonly clock: Clock;
  readonly log: Log;
  readonly shells: ShellMemory;
  readonly environment: Omit<CredentialSourceOptions, "requiredRsaSize">;
  onChange(change: Extract<ChangeInput, { type: "connectionOpened" | "connectionClosed" }>): void;
}

/** The SSH connections of the daemon, kept for the next run. Disposing closes them all. */
export interface Pool extends Remote, AsyncDisposable {
  list(): Connection[];
  /** False when there is no such connection. Runs on it end as lost. */
  close(id: string): boolean;
  figures(): PoolFigures;
  /** Whether ssh2 decodes in its native binding rather than in JavaScript. */
  readonly nativeCrypto: boolean;
}

/** On how many connections a refused session is tried. */
const maxConnectionsTried = 3;
/** How many sessions may be closed before they take the command. */
const maxSessionsTried = 3;
const sessionsClosed = "closes every session before it takes the command. Look at the server's log.";

export function openPool(options: PoolOptions): Pool {
  const { clock, log } = options;
  const requiredRsaSize = (): number => options.limits().requiredRsaSize;
  const source = new CredentialSource({ ...options.environment, requiredRsaSize });
  const dial = createDialer({ ...options, source }, (wish, signal) => links.acquire(wish, signal));
  const shells = new Shells(options.shells);
  const links: Links = new Links({
    limits: options.limits,
    clock,
    connect: dial,
    opened: (link) => options.onChange({ type: "connectionOpened", connection: link.describe() }),
    closed: (link) => options.onChange({ type: "connectionClosed", connection: link.describe() }),
  });
  return {
    exec: (target, request, listener, signal) =>
      exec({ links, source, shells, clock, log }, target, { request, listener, signal }),
    probe: (target, wish, signal) => probe({ links, source, clock }, target, { ...wish, signal }),
    identity: async (target, agent) => laneKey(await source.complete(target, agent)),
    list: () => links.all().map((link) => link.describe()),
    close(id) {
      const link = links.all().find((each) => each.id === id);
      if (link !== undefined) links.close(link);
      return link !== undefined;
    },
    figures: () => links.figures(),
    nativeCrypto: hasNativeCrypto(),
    [Symbol.asyncDispose]() {
      links.stop(new Problem("daemon_stopped", "Hostrun is stopping."));
      return Promise.resolve();
    },
  };
}

interface Parts {
  readonly links: Links;
  readonly source: CredentialSource;
  readonly shells: Shells;
  readonly clock: Clock;
  readonly log: Log;
}

interface Execution {
  readonly request: ExecRequest;
  readonly listener: RemoteListener & { step(message: string): void };
  readonly signal: AbortSignal;
}

async function exec(parts: Parts, target: Target, execution: Execution): Promise<RemoteProcess> {
  const { request, listener, signal } = execution;
  const { links, source, shells, clock, log } = parts;
  const begun = clock.elapsed();
  using deadline = new ConnectDeadline(target, request.connectTimeoutMs, signal);
  const avoid = new Set<Link>();
  const first = await wishFor(target, request, { links, source, deadline });
  let lost = 0;
  let closed = 0;
  for (;;) {
    const wish: Wish = { ...first, avoid, step: (text) => listener.step(text) };
    const lease = await acquire(links, wish, deadline.signal);
    const known = shells.of(lease.connection);
    deadline.at = { stage: "asking which shell runs its commands", hop: target };
    const shell = typeof known === "string" ? known : await whileLeased(lease, deadline.bound(known));
    const leased = clock.elapsed();
    const { connection } = lease;
    const started = await startCommand({
      lease,
      request: () => commandRequest(request, connection.forcesCommand ? "none" : shell),
      listener,
      deadline,
      log,
    });
    if (started.kind === "started") {
      const timings = { connectMs: lease.reused ? 0 : leased - begun, channelMs: clock.elapsed() - leased };
      links.prepareSpare(lease.link);
      return remoteProcess(parts, lease, { ...timings, process: started.process });
    }
    if (started.kind === "closed") {
      closed += 1;
      if (closed === maxSessionsTried) throw channelRefused(target, sessionsClosed);
      continue;
    }
    avoid.add(lease.link);
    if (started.kind === "lost") {
      lost += 1;
      if (lost > 1) throw unreachable(target, "closed");
    } else {
      lease.link.lane.sessionLimit = Math.max(1, lease.link.running);
      if (avoid.size >= maxConnectionsTried) {
        throw channelRefused(target, "opens no session for the command. It may allow none (MaxSessions).");
      }
    }
  }
}

/** The lease is given back when `work` fails. */
async function whileLeased<Result>(lease: Lease, work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (failure) {
    lease[Symbol.dispose]();
    throw failure;
  }
}

function commandRequest({ command, env, pty }: ExecRequest, shell: LoginShell): CommandRequest {
  const variables = { values: env?.(shell) ?? {}, required: shell === "none" };
  return { command: command(shell), variables, pty };
}

async function probe(
  { links, source, clock }: Pick<Parts, "links" | "source" | "clock">,
  target: Target,
  options: ConnectOptions & { signal: AbortSignal },
): Promise<HostProbe> {
  const begun = clock.elapsed();
  using deadline = new ConnectDeadline(target, options.connectTimeoutMs, options.signal);
  const wish: Wish = {
    ...(await wishFor(target, options, { links, source, deadline })),
    purpose: "probe",
  };
  using lease = await acquire(links, wish, deadline.signal);
  return {
    connection: lease.link.describe(),
    reused: lease.reused,
    connectMs: lease.reused ? 0 : clock.elapsed() - begun,
    hostKey: lease.connection.hostKey,
  };
}

/** Looks up anew who would be logged in: a connection of somebody else is none for this request. */
async function wishFor(
  target: Target,
  { agentSocket }: ConnectOptions,
  { links, source, deadline }: Pick<Parts, "links" | "source"> & { deadline: ConnectDeadline },
): Promise<Wish> {
  const order = links.nextOrder();
  deadline.at = { stage: "looking up the keys to log in with", hop: target };
  return {
    target: await deadline.bound(source.complete(target, agentSocket)),
    purpose: "session",
    order,
    avoid: new Set(),
    step: () => undefined,
    stage: (stage, hop) => {
      deadline.at = { stage, hop };
    },
  };
}

async function acquire(links: Links, wish: Wish, signal: AbortSignal): Promise<Lease> {
  try {
    return await links.acquire(wish, signal);
  } catch (failure) {
    throw failure instanceof Problem ? onTheWayTo(wish.target.name, failure) : failure;
  }
}

function remoteProcess(
  { links, shells }: Pick<Parts, "links" | "shells">,
  lease: Lease,
  { process, ...timings }: { process: ChannelProcess; connectMs: number; channelMs: number },
): RemoteProcess {
  return {
    connection: lease.link.describe(),
    identity: lease.link.lane.key,
    reused: lease.reused,
    ...timings,
    stdin: process.stdin,
    signal: (name) => process.signal(name),
    hold: (held) => process.hold(held),
    ask(command, deadlineMs) {
      const held = links.hold(lease.link);
      const answer = ask(lease.connection, command, deadlineMs, lease.link.takeSpare());
      return answer.finally(() => held[Symbol.dispose]());
    },
    forgetShell: () => shells.forget(lease.connection),
    close: () => process.close(),
  };
}
