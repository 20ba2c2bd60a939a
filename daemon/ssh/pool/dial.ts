import type { Duplex } from "node:stream";
import type { Log } from "../../core/log.ts";
import type { Target } from "../../transport/remote.ts";
import { login, type SshConnection } from "../connect/connection.ts";
import type { CredentialSource, LoginTarget } from "../auth/credentials.ts";
import { nameOf } from "../failure.ts";
import { forward } from "../connect/forward.ts";
import { HandshakeGate } from "../connect/handshake-gate.ts";
import type { KnownHosts } from "../host-keys/known-hosts.ts";
import type { PoolLimits } from "./limits.ts";
import type { AcquireRequest, PooledConnection } from "./pooled-connection.ts";
import type { Lease } from "./connection-pool.ts";
import { openSocket } from "../connect/tcp.ts";

export interface DialerOptions {
  readonly limits: () => PoolLimits;
  readonly knownHosts: KnownHosts;
  readonly log: Log;
  readonly source: CredentialSource;
}

type Dial = (
  pooled: PooledConnection,
  request: AcquireRequest,
  signal: AbortSignal,
) => Promise<SshConnection>;

/** How the pool's connections come up; `acquire` is the pool again, for the bastions. */
export function createDialer(
  options: DialerOptions,
  acquire: (request: AcquireRequest, signal: AbortSignal) => Promise<Lease>,
): Dial {
  const gate = new HandshakeGate();
  const { source, knownHosts, log, limits } = options;
  return async (pooled, request, signal) => {
    const { target } = pooled;
    const reading = knownHosts.of(target.address, target.port);
    const bastion = await acquireBastion(pooled, request, { acquire, signal });
    request.stage("reading known_hosts", target);
    const hostKeys = await reading;
    request.stage(`waiting for its turn to connect to ${nameOf(target)}`, target);
    using stack = new DisposableStack();
    stack.use(await gate.enter(routeOf(target), signal));
    request.step(`Connecting to ${target.name}`);
    const connecting = `connecting to ${nameOf(target)}`;
    request.stage(connecting, target);
    const tell = (attempts: string): void => request.stage(`${connecting} at ${attempts}`, target);
    const socket: Duplex =
      bastion === undefined ? await openSocket(target, signal, tell) : await forward(bastion, target);
    const onStage = (stage: string): void =>
      request.stage(`connected to ${nameOf(target)}, and ${stage}`, target);
    const { keepaliveMs, requiredRsaSize } = limits();
    const trust = { hostKeys, requiredRsaSize };
    const identity = { via: bastion?.logins ?? [], credentials: target.credentials, source };
    return await login({ hop: target, socket, ...identity, ...trust, keepaliveMs, log, onStage }, signal);
  };
}

/** The last hop before the target, over those before it; held for as long as the link is there. */
async function acquireBastion(
  pooled: PooledConnection,
  request: AcquireRequest,
  {
    acquire,
    signal,
  }: { acquire: (request: AcquireRequest, signal: AbortSignal) => Promise<Lease>; signal: AbortSignal },
): Promise<SshConnection | undefined> {
  const { jump } = pooled.target;
  const last = jump.at(-1);
  if (last === undefined) return undefined;
  const target: LoginTarget = { ...last, jump: jump.slice(0, -1) };
  const lease = await acquire({ ...request, target, purpose: "bastion", avoid: new Set() }, signal);
  pooled.leadsThrough(() => lease[Symbol.dispose]());
  return lease.connection;
}

/** Servers count logins at once for themselves; behind a bastion an address is another server's. */
function routeOf({ jump, address, port }: Target): string {
  return JSON.stringify([...jump.map((hop) => [hop.user, hop.address, hop.port]), [address, port]]);
}
