import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { Problem } from "../../../protocol/problem.ts";
import type { ConnectionTransport } from "../../../protocol/stats.ts";
import { backOffMs } from "../../core/back-off.ts";
import type { Log } from "../../core/log.ts";
import type { SecretMemory } from "../../transport/secret-memory.ts";
import type { BannerSource, Target } from "../../transport/remote.ts";
import type { WindowBudget } from "../connect/receive-window.ts";
import { login } from "../connect/connection.ts";
import type { SshConnection } from "../connect/ssh-connection.ts";
import type { CredentialSource, LoginTarget } from "../auth/credentials.ts";
import { Dialogue, type Respondent } from "../auth/dialogue.ts";
import { abortReason } from "../failure.ts";
import { type LoginStage, type RetryReason, retryTexts } from "../stage.ts";
import { forward } from "../connect/forward.ts";
import { type ProxyContext, ProxyConnection, withProxyReport } from "../connect/proxy-command.ts";
import { HandshakeGate } from "../connect/handshake-gate.ts";
import { hostKeyQuestion } from "../host-keys/host-key-question.ts";
import type { HostKeys } from "../host-keys/host-keys.ts";
import type { KnownHosts } from "../host-keys/known-hosts.ts";
import type { PoolLimits } from "./limits.ts";
import type { AcquireRequest, PooledConnection } from "./pooled-connection.ts";
import { TransportMemory } from "./transport-memory.ts";
import type { Lease } from "./lease.ts";
import { openSocket } from "../connect/tcp.ts";

export interface DialerOptions {
  readonly limits: () => PoolLimits;
  readonly knownHosts: KnownHosts;
  readonly log: Log;
  readonly source: CredentialSource;
  /** The other way of logging in. */
  readonly openSsh: SshLogin;
  readonly proxy: ProxyContext;
  readonly secrets: SecretMemory;
  readonly windows: WindowBudget;
}

/** Logs in on a socket. */
export type SshLogin = typeof login;

type Dial = (
  pooled: PooledConnection,
  request: AcquireRequest,
  signal: AbortSignal,
) => Promise<SshConnection>;

/** Creates what opens the pool's connections; `acquire` is the pool's own, for bastions. */
export function createDialer(
  options: DialerOptions,
  acquire: (request: AcquireRequest, signal: AbortSignal) => Promise<Lease>,
): Dial {
  const gate = new HandshakeGate();
  const transports = new TransportMemory();
  return async (pooled, request, signal) => {
    const { target } = pooled;
    const reading = options.knownHosts.of(target);
    const bastion = await acquireBastion(pooled, request, { acquire, signal });
    request.stage({ at: "knownHosts" }, target);
    const hostKeys = await reading;
    request.stage({ at: "handshakeTurn" }, target);
    transports.apply(pooled, hostKeys);
    let leave = (): void => undefined;
    const { respondent } = request;
    const asked: Respondent = {
      get present() {
        return respondent.present;
      },
      async ask(question, waiting) {
        // Others may log in while a person thinks.
        leave();
        request.stage({ at: "asking" }, target);
        const answers = await respondent.ask(question, waiting);
        request.stage({ at: "answered" }, target);
        return answers;
      },
    };
    using dialogue = new Dialogue(asked, signal);
    for (;;) {
      const { transport } = pooled.transport;
      const destination = { target, transport, bastion, hostKeys, dialogue };
      try {
        const place = await gate.enter(routeOf(target), signal);
        leave = () => place[Symbol.dispose]();
        return await dial(options, destination, request, signal);
      } catch (failure) {
        if (transports.learn(pooled, failure)) continue;
        await resolveByAsking(transports.failureToReport(pooled, failure), destination);
      } finally {
        leave();
      }
    }
  };
}

/** One login, retried if the server had no room for it. */
async function dial(
  options: DialerOptions,
  destination: Omit<Destination, "retryOf">,
  request: AcquireRequest,
  signal: AbortSignal,
): Promise<SshConnection> {
  const { target } = destination;
  request.step(`Connecting to ${target.name}`);
  let retryOf: RetryReason | undefined;
  for (let tries = 1; ; tries += 1) {
    const attempt = new DialAttempt(options, { ...destination, retryOf });
    try {
      return await attempt.run(request, signal);
    } catch (failure) {
      // ssh2 needs a synchronous verdict on a host key, so a look-up means another handshake.
      if (await destination.hostKeys.examine()) continue;
      retryOf = attempt.reasonToRetry(failure, tries);
      if (retryOf === undefined) throw failure;
      request.step(`${target.name} ${retryTexts[retryOf]}; trying again`);
      request.stage({ at: "retry", retryOf }, target);
      await pause(tries, signal);
    }
  }
}

/** Resolves if a person's answer means that another login may work; rejects with `failure` if no answer could. */
async function resolveByAsking(
  failure: unknown,
  { target, hostKeys, dialogue }: Omit<Destination, "retryOf">,
): Promise<void> {
  if (!(failure instanceof Problem)) throw failure;
  // A server does not wait for a person forever.
  if (failure.code === "host_unreachable" && (await dialogue.canResume())) return;
  const question = await hostKeyQuestion(target, failure, hostKeys);
  if (question === undefined || !dialogue.present) throw failure;
  const { answers } = await dialogue.ask(question).catch((reason: unknown) => {
    if (!(reason instanceof Problem) || reason.code !== "declined") throw reason;
    // Report the original problem, as for callers that nobody can ask.
    const why = { ...failure.members, reason: reason.members.reason ?? "" };
    throw new Problem("host_key_unknown", reason.message, why);
  });
  const key = Buffer.from(question.key?.key ?? "", "base64");
  if (answers[0] === "accept" && hostKeys.recording === "ownFile") hostKeys.add(key);
  else hostKeys.acceptOnce(key);
}

interface Destination {
  readonly target: LoginTarget;
  /** The connection that it is reached through. */
  readonly bastion: SshConnection | undefined;
  readonly hostKeys: HostKeys;
  readonly transport: ConnectionTransport;
  readonly dialogue: Dialogue;
  /** Why the previous attempt failed. */
  readonly retryOf: RetryReason | undefined;
}

/** A server that closes silently may have too many logins, or refuse this address for good. */
const maxClosedTries = 3;

/** One connection to a server, and the login on it. */
class DialAttempt {
  readonly #options: DialerOptions;
  readonly #destination: Destination;
  #greeted = false;

  constructor(options: DialerOptions, destination: Destination) {
    this.#options = options;
    this.#destination = destination;
  }

  async run(request: AcquireRequest, signal: AbortSignal): Promise<SshConnection> {
    const { limits, source, secrets, log, openSsh } = this.#options;
    const { target, bastion, hostKeys, dialogue, retryOf, transport } = this.#destination;
    request.stage({ at: this.#looksUp ? "resolve" : "connect", retryOf }, target);
    const onAttempts = (attempts: string): void =>
      request.stage({ at: "connect", attempts, retryOf }, target);
    const socket = await this.#open(signal, onAttempts);
    const onStage = (at: LoginStage): void => {
      this.#greeted = at !== "greeting";
      request.stage({ at, retryOf }, target);
    };
    const onBanner = (text: string, from: BannerSource): void => request.banner(text, target, from);
    const { keepaliveMs, requiredRsaSize } = limits();
    const trust = {
      hostKeys,
      requiredRsaSize,
    };
    const identity = { bastion, credentials: target.credentials, source };
    const person = { place: target, secrets, dialogue };
    const callbacks = { onStage, onBanner };
    const options = { hop: target, socket, ...identity, ...person, ...trust, keepaliveMs, log, ...callbacks };
    try {
      return await (transport === "openssh" ? openSsh(options, signal) : login(options, signal));
    } catch (failure) {
      throw socket instanceof ProxyConnection ? await withProxyReport(target, failure, socket) : failure;
    }
  }

  /** Whether this machine resolves the address. */
  get #looksUp(): boolean {
    const { target, bastion } = this.#destination;
    return bastion === undefined && target.settings.proxyCommand === null;
  }

  #open(signal: AbortSignal, onAttempts: (attempts: string) => void): Promise<Duplex> {
    const { target, bastion } = this.#destination;
    if (bastion !== undefined) return forward(bastion, target, this.#options.windows);
    const { proxyCommand } = target.settings;
    if (proxyCommand === null) return openSocket(target, signal, onAttempts);
    return Promise.resolve(new ProxyConnection(proxyCommand, this.#options.proxy));
  }

  /** Why a retry may succeed; undefined if it would not. At this point nobody has been asked anything. */
  reasonToRetry(failure: unknown, tries: number): RetryReason | undefined {
    const reason = failure instanceof Problem ? failure.members.reason : undefined;
    if (reason === "too_many_logins") return reason;
    const closed = reason === "closed" && !this.#greeted && tries < maxClosedTries;
    return closed ? "closed" : undefined;
  }
}

const pauses = { firstMs: 200, maxMs: 2000 };

/** Longer each time, and randomized so that waiting logins spread out. */
async function pause(tries: number, signal: AbortSignal): Promise<void> {
  const span = backOffMs(tries, pauses) * (0.5 + Math.random() / 2);
  try {
    await delay(span, undefined, { signal });
  } catch {
    throw abortReason(signal);
  }
}

/** Acquires the last hop before the target, over those before it; it is held for as long as the connection lasts. */
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
  if (lease.reused) request.stage({ at: "reused" }, last);
  pooled.holdBastion(() => lease[Symbol.dispose]());
  return lease.connection;
}

/** Each server counts its own concurrent logins; behind a bastion an address is that of another server. */
function routeOf({ jump, address, port }: Target): string {
  return JSON.stringify([...jump.map((hop) => [hop.user, hop.address, hop.port]), [address, port]]);
}
