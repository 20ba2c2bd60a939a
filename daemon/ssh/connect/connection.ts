import type { Duplex } from "node:stream";
import { Client } from "ssh2";
import type { Problem } from "../../../protocol/problem.ts";
import { visibleLine } from "../../../protocol/visible.ts";
import type { Hop } from "../../transport/remote.ts";
import {
  algorithmsFor,
  type Mismatch,
  mismatchOf,
  type OfferedAlgorithms,
  unavailable,
} from "./algorithms.ts";
import { Authentication } from "../auth/authentication.ts";
import { connectionLost, nameOf, protocolError, unreachable } from "../failure.ts";
import { describeKey, type KeyDescription } from "../host-keys/host-key.ts";
import { HostKeyCheck } from "../host-keys/host-key-check.ts";
import { ForcedAcks } from "./forced-acks.ts";
import { brokenConnection, closedUnderRun } from "./broken-connection.ts";
import { ConnectionEnd } from "./connection-end.ts";
import { holdIdentification } from "./identification.ts";
import {
  disconnectReason,
  loginFailure,
  passwordExpired,
  noAlgorithms,
  refusesCipher,
} from "./login-failure.ts";
import type { ConnectionOptions, LoginOptions } from "./login-options.ts";
import type { LoginName, SshConnection } from "./ssh-connection.ts";
import { watchLogin } from "./login-messages.ts";
import type { OutgoingQueue } from "./outgoing-queue.ts";
import { handOnBriefly } from "./shared-reading.ts";
import { readServerOffer } from "./server-offer.ts";
import type { LoginStage } from "../stage.ts";
import { changePassword, isStrictKeyExchange, ping, useKeyObjects } from "../ssh2-internals.ts";
import { limitTraffic } from "./traffic.ts";

/**
 * Runs SSH on `socket` and logs in. Rejects with a Problem, or with the signal's reason; the socket is then destroyed.
 */
export function login(options: LoginOptions, signal: AbortSignal): Promise<SshConnection> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    new Login(options, { signal, resolve, reject }).start(options);
  });
}

interface Outcome {
  readonly signal: AbortSignal;
  resolve(connection: SshConnection): void;
  reject(reason: unknown): void;
}

const nothing = (): void => undefined;
const unknownMismatch = (): Mismatch | undefined => undefined;

/** The number of unanswered keepalives after which a connection is given up. */
const keepaliveCountMax = 2;

/** From the first byte until the login; afterwards it is the connection. */
class Login implements SshConnection {
  readonly transport = "ssh2";
  readonly hop: Hop;
  logins: readonly LoginName[] = [];
  readonly client = new Client();
  server = "";
  cipher = "";
  kex = "";
  mac = "";
  hostKey: KeyDescription = { keyType: "", fingerprint: "" };
  #options: ConnectionOptions;
  #outcome: Outcome | undefined;
  readonly #check: HostKeyCheck;
  /** Until the login has succeeded. */
  #authentication: Authentication | undefined;
  readonly #acks: ForcedAcks;
  readonly #end = new ConnectionEnd();
  readonly onClose = this.#end.onClose;
  #stage: LoginStage = "greeting";
  #settled = false;
  #forcesCommand = false;
  #failure: unknown;
  #outgoing: OutgoingQueue | undefined;
  #mismatch = unknownMismatch;
  #leaveSignal: () => void = nothing;

  constructor(options: LoginOptions, outcome: Outcome) {
    this.hop = options.hop;
    this.#options = options;
    this.#outcome = outcome;
    this.#check = new HostKeyCheck(options);
    this.#authentication = this.#authenticationBy(options);
    this.#acks = new ForcedAcks(options.socket, () => {
      if (this.closeReason === undefined) ping(this.client);
    });
  }

  start({ hop, socket, hostKeys, keepaliveMs }: LoginOptions): void {
    this.#heedSignal();
    this.#listen();
    holdIdentification(socket, {
      identified: (server) => {
        this.server = visibleLine(server);
        this.#enter("keyExchange");
      },
      refused: (said) => this.#fail(loginFailure(hop, { stage: "greeting", said })),
    });
    const algorithms = algorithmsFor(hostKeys.knownTypes(), hop.settings.algorithms);
    const missing = unavailable(algorithms);
    if (missing !== undefined) return this.#fail(noAlgorithms(hop, missing));
    this.client.connect({
      sock: socket,
      username: hop.user,
      algorithms,
      hostVerifier: this.#check.verify,
      // The caller's deadline covers every hop.
      readyTimeout: 0,
      keepaliveInterval: hop.settings.keepalive?.intervalMs ?? keepaliveMs,
      keepaliveCountMax: hop.settings.keepalive?.countMax ?? keepaliveCountMax,
      authHandler: (_methods, _partial, next) => void this.#nextAttempt(next),
    });
    this.#compareOffers(socket, algorithms);
    this.#outgoing = limitTraffic(this.client, socket, (what) => this.#violated(what));
    watchLogin(this.client, {
      banner: (text) => this.#options.onBanner(text, "server"),
      refused: (methods, partial) => this.#authentication?.refused(methods, partial),
      passwordExpired: (prompt) => void this.#changePassword(prompt),
      forcesCommand: () => {
        this.#forcesCommand = true;
      },
    });
    this.#enter("greeting");
  }

  get closeReason(): Problem | undefined {
    return this.#end.reason;
  }

  forcesCommand(): Promise<boolean> {
    return Promise.resolve(this.#forcesCommand);
  }

  forceAcks(): () => void {
    return this.#acks.want();
  }

  pace(channel: Duplex): void {
    this.#outgoing?.pace(channel);
  }

  close(): void {
    this.#end.resolve(connectionLost(this.hop, "Hostrun closed the connection."));
    this.#hangUp();
  }

  /** `error` is emitted any number of times, by three emitters: a missing listener would end the process. */
  #listen(): void {
    const { socket } = this.#options;
    socket.on("error", () => undefined);
    this.client.on("error", (failure) => this.#onError(failure));
    this.client.on("close", () => this.#onClose());
    this.client.on("end", () => socket.destroy());
    this.client.once("handshake", ({ kex, cs, sc }) => {
      this.cipher = cs.cipher;
      this.kex = kex;
      this.mac = cs.mac;
      const refusal = refusesCipher(this.hop, isStrictKeyExchange(this.client), [cs, sc]);
      if (refusal === undefined) this.#enter("authentication");
      else this.#fail(refusal);
    });
    this.client.on("handshake", () => useKeyObjects(this.client));
    handOnBriefly(this.client, socket);
    this.client.once("ready", () => this.#loggedIn());
  }

  // Closures made in one method share its variables: those that only a login needs are made in methods of their own.

  #authenticationBy(options: LoginOptions): Authentication {
    const onAgentAsked = (): void => options.onStage("agentSignature");
    const fail = (reason: unknown): void => this.#fail(reason);
    return new Authentication({ ...options, onAgentAsked, fail });
  }

  #heedSignal(): void {
    const signal = this.#outcome?.signal;
    const abort = (): void => this.#fail(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    this.#leaveSignal = () => signal?.removeEventListener("abort", abort);
  }

  #compareOffers(socket: Duplex, algorithms: OfferedAlgorithms): void {
    const reading = readServerOffer(socket);
    this.#mismatch = () => {
      const offer = reading.offer();
      return offer === undefined ? undefined : mismatchOf(offer, algorithms);
    };
    this.client.once("handshake", () => reading[Symbol.dispose]());
  }

  #loggedIn(): void {
    this.#leaveSignal();
    this.hostKey = describeKey(this.#check.accepted ?? Buffer.alloc(0));
    const { socket, bastion, keepaliveMs } = this.#options;
    const { user, address, port } = this.hop;
    const key = this.#authentication?.lastKey ?? null;
    this.logins = [...(bastion?.logins ?? []), [user, address, port, key]];
    if (this.#settled) return;
    this.#settled = true;
    this.#authentication?.accepted();
    this.#outcome?.resolve(this);
    this.#authentication = undefined;
    this.#outcome = undefined;
    this.#mismatch = unknownMismatch;
    this.#leaveSignal = nothing;
    this.#options = { hop: this.hop, socket, bastion, keepaliveMs, onStage: nothing, onBanner: nothing };
  }

  #enter(stage: LoginStage): void {
    this.#stage = stage;
    this.#options.onStage(stage);
  }

  async #nextAttempt(next: (method: never) => void): Promise<void> {
    try {
      const authentication = this.#authentication;
      const method = await authentication?.next();
      if (this.#settled) return;
      if (method === undefined) this.#fail(authentication?.failure(undefined));
      // ssh2's types do not allow a custom agent here.
      else Reflect.apply(next, undefined, [method]);
    } catch (reason) {
      this.#fail(reason);
    }
  }

  async #changePassword(prompt: string): Promise<void> {
    try {
      const change = await this.#authentication?.changePassword(prompt);
      if (this.#settled) return;
      const isSent =
        change !== undefined && changePassword(this.client, this.hop.user, change.old, change.changed);
      if (!isSent) this.#fail(passwordExpired(this.hop));
    } catch (reason) {
      this.#fail(reason);
    }
  }

  #onError(failure: Error): void {
    const level = "level" in failure ? failure.level : undefined;
    // An agent that fails to sign does not end the login: the next key is tried.
    if (level === "agent") return;
    this.#failure ??= failure;
    if (this.#settled) {
      this.#options.socket.destroy();
      return;
    }
    const said = this.#stage === "authentication" ? disconnectReason(failure) : undefined;
    if (said === undefined) {
      const evidence = { stage: this.#stage, failure, mismatch: this.#mismatch() };
      this.#fail(this.#check.problem ?? loginFailure(this.hop, evidence));
    } else {
      this.#fail(this.#authentication?.failure(said));
    }
  }

  #onClose(): void {
    this.#options.socket.destroy();
    if (this.#settled)
      this.#end.resolve(this.#check.problem ?? brokenConnection(this.#options, this.#failure));
    else if (this.#failure === undefined) this.#fail(unreachable(this.hop, "closed"));
  }

  #violated(what: string): void {
    if (!this.#settled) this.#fail(protocolError(this.hop, `${what}. Look at what this server is.`));
    this.#end.resolve(protocolError(this.hop, `${what}, ${closedUnderRun}`));
    this.#hangUp();
  }

  /** Ends an attempt that has not logged in. */
  #fail(reason: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#end.resolve(connectionLost(this.hop, `${nameOf(this.hop)} was never logged in to.`));
    this.#outcome?.reject(reason);
    this.#authentication?.[Symbol.dispose]();
    this.#hangUp();
  }

  /** ssh2 only ends the socket, which a silent peer would keep half open forever. */
  #hangUp(): void {
    try {
      this.client.end();
    } catch {
      // After a fatal error ssh2 can no longer send a disconnect.
    }
    this.#options.socket.destroy();
  }
}
