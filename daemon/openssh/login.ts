import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import type { Problem } from "../../protocol/problem.ts";
import { visibleLine, visibleText } from "../../protocol/visible.ts";
import { fileAppears } from "../core/file-appears.ts";
import { identityOf } from "../ssh/auth/credentials.ts";
import type { LoginOptions } from "../ssh/connect/login-options.ts";
import type { LoginName, SshConnection } from "../ssh/connect/ssh-connection.ts";
import { ConnectionEnd } from "../ssh/connect/connection-end.ts";
import { openConnectionLayer } from "../ssh/connect/connection-layer.ts";
import { holdIdentification } from "../ssh/connect/identification.ts";
import { loginFailure as greetingFailure, refusesCipher } from "../ssh/connect/login-failure.ts";
import { limitTraffic } from "../ssh/connect/traffic.ts";
import type { OutgoingQueue } from "../ssh/connect/outgoing-queue.ts";
import { connectionLost, nameOf, onTheWayTo, protocolError } from "../ssh/failure.ts";
import type { LoginStage } from "../ssh/stage.ts";
import { describeKey, type KeyDescription } from "../ssh/host-keys/host-key.ts";
import { HostKeyCheck } from "../ssh/host-keys/host-key-check.ts";
import type { ClientProcess } from "./client-process.ts";
import { openProxy } from "./control-socket.ts";
import { type KeyExchangeOutcome, KeyExchangeWatch } from "./key-exchange-watch.ts";
import { isCertificate, type LoginEvidence, loginFailure, notStarted } from "./login-failure.ts";

export interface OpenSshLoginOptions extends LoginOptions {
  /** An `ssh` for the hop, and the path at which its control socket will appear. */
  readonly ssh: ClientProcess;
  readonly control: string;
  /** The known_hosts file for this connection only. */
  readonly accepted: string;
  /** What to do if it does not log in, in whole sentences. */
  readonly advice: () => string;
}

const noCipher = { cipher: "", mac: "" };
const unknownOutcome: KeyExchangeOutcome = {
  isAgreed: true,
  kex: "",
  to: noCipher,
  from: noCipher,
  isStrict: false,
};
const maxBannerLength = 16 * 1024;
/** How OpenSSH's server reports a key's options, as `ssh` logs it. */
const forcedCommand = /^debug1: Remote: .*: key options:.* command(?: |$)/;

/**
 * Lets an `ssh` log in over `socket`, and resolves to the connection for the pool. Rejects with a Problem, or with the
 * signal's reason; the process is then ended and the socket destroyed.
 */
export function loginByClient(options: OpenSshLoginOptions, signal: AbortSignal): Promise<SshConnection> {
  return new ClientLogin(options).run(signal);
}

/** From the first byte until the login; afterwards it is the connection. */
class ClientLogin implements SshConnection {
  readonly transport = "openssh";
  readonly hop: OpenSshLoginOptions["hop"];
  readonly logins: readonly LoginName[];
  server = "";
  kex = "";
  cipher = "";
  mac = "";
  hostKey: KeyDescription = { keyType: "", fingerprint: "" };
  readonly #options: OpenSshLoginOptions;
  readonly #check: HostKeyCheck;
  readonly #watch = new KeyExchangeWatch({
    hostKey: (key) => this.#judge(key),
    accepted: () => this.#accepted(),
  });
  readonly #failed = new AbortController();
  readonly #end = new ConnectionEnd();
  readonly onClose = this.#end.onClose;
  #stage: LoginEvidence["stage"] = "greeting";
  #hostKey: Buffer | undefined;
  #networkFailure: Error | undefined;
  #closedByServer = false;
  #sshEnded = false;
  #client: Client | undefined;
  #channels: Socket | undefined;
  #outgoing: OutgoingQueue | undefined;
  #forcesCommand: Promise<boolean> | undefined;
  /** Determines why `ssh` has ended, once it has. */
  #ending: Promise<void> | undefined;

  constructor(options: OpenSshLoginOptions) {
    this.hop = options.hop;
    this.#options = options;
    this.#check = new HostKeyCheck(options);
    const { user, address, port } = options.hop;
    this.logins = [...(options.bastion?.logins ?? []), [user, address, port, loginKey(options)]];
  }

  get client(): Client {
    if (this.#client === undefined) throw new TypeError("Only a connection that is up has channels");
    return this.#client;
  }

  get closeReason(): Problem | undefined {
    return this.#end.reason;
  }

  /** Logged before a session is open; not read again later, since the log is truncated. */
  forcesCommand(): Promise<boolean> {
    return (this.#forcesCommand ??= this.#options.ssh.logged(forcedCommand));
  }

  async run(signal: AbortSignal): Promise<SshConnection> {
    const abort = (): void => this.#failed.abort(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    try {
      signal.throwIfAborted();
      this.#follow();
      this.#join();
      await this.#comeUp();
      return this;
    } catch (failure) {
      await this.#ending;
      const reason: unknown = this.#failed.signal.aborted ? this.#failed.signal.reason : failure;
      this.#end.resolve(connectionLost(this.hop, `${nameOf(this.hop)} was never logged in to.`));
      this.#hangUp();
      throw reason;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** ssh sends nothing for us except channel messages. */
  forceAcks(): () => void {
    return () => undefined;
  }

  pace(channel: Duplex): void {
    this.#outgoing?.pace(channel);
  }

  close(): void {
    this.#lose(connectionLost(this.hop, "Hostrun closed the connection."));
    this.#hangUp();
  }

  /** Observes the login from outside; called before any byte is sent either way. */
  #follow(): void {
    const { hop, socket, ssh } = this.#options;
    const onStage = (stage: LoginStage): void => this.#options.onStage(stage);
    onStage("greeting");
    holdIdentification(socket, {
      identified: (server) => {
        this.server = visibleLine(server);
        this.#stage = "keyExchange";
        onStage("keyExchange");
      },
      refused: (said) => this.#failed.abort(greetingFailure(hop, { stage: "greeting", said })),
    });
    socket.on("data", (chunk: Buffer) => this.#watch.fromServer(chunk));
    ssh.output.on("data", (chunk: Buffer) => this.#watch.fromClient(chunk));
    let room = maxBannerLength;
    ssh.shown.on("data", (chunk: Buffer) => {
      // Before that, messages about its arguments arrive there as well.
      if (this.#stage !== "authentication") return;
      const shown = visibleText(chunk.toString("utf8"), room);
      room -= shown.length;
      if (shown !== "" && room >= 0) this.#options.onBanner(shown, "server");
    });
  }

  #accepted(): void {
    const { hop } = this.#options;
    const { kex, to, from, isStrict } = this.#watch.outcome ?? unknownOutcome;
    this.kex = kex;
    this.cipher = to.cipher;
    this.mac = to.mac;
    const refusal = refusesCipher(hop, isStrict, [to, from]);
    if (refusal !== undefined) this.#failed.abort(refusal);
    this.#stage = "authentication";
    this.#options.onStage("authentication");
  }

  /** Certificates are left to ssh, which knows the authorities. A certificate by itself does not let us judge the key. */
  #judge(key: Buffer): void {
    this.#hostKey = key;
    this.hostKey = describeKey(key);
    if (isCertificate(this.hostKey.keyType)) return;
    if (!this.#check.verify(key)) this.#failed.abort(this.#check.problem);
    // Written before ssh gets the key, which it looks up in its files.
    else writeFileSync(this.#options.accepted, `* ${this.hostKey.keyType} ${key.toString("base64")}\n`);
  }

  #join(): void {
    const { socket, ssh } = this.#options;
    socket.on("error", (failure) => {
      this.#networkFailure ??= failure;
    });
    socket.once("end", () => {
      this.#closedByServer = !this.#sshEnded;
    });
    socket.once("close", () => {
      ssh.input.destroy();
      this.#lose(this.#closeProblem("connection lost"));
    });
    ssh.output.once("end", () => {
      this.#sshEnded = true;
    });
    socket.pipe(ssh.input);
    ssh.output.pipe(socket);
    void ssh.ended.then((why) => this.#ended(why));
  }

  #ended(why: string | undefined): void {
    if (this.closeReason !== undefined) return;
    if (this.#client === undefined) {
      this.#ending = this.#explain(why);
      return;
    }
    this.#lose(this.#closeProblem("the connection's ssh ended"));
    this.#hangUp();
  }

  #closeProblem(what: string): Problem {
    const shown = this.closeReason === undefined ? this.#options.ssh.refusedKey() : undefined;
    if (shown !== undefined) return this.#check.swapped(shown, this.hostKey);
    return connectionLost(this.hop, `${what}. The command may still be running there.`);
  }

  /** Fails a login whose `ssh` has ended; `why` is the value of `ssh.ended`. */
  async #explain(why: string | undefined): Promise<void> {
    const { hop, ssh } = this.#options;
    const lastLines = await ssh.lastLines();
    const evidence = {
      stage: this.#stage,
      failure: this.#networkFailure,
      closedByServer: this.#closedByServer,
      isAgreed: this.#watch.outcome?.isAgreed !== false,
      hostKey: this.#hostKey,
      advice: this.#options.advice(),
      lastLines,
    };
    this.#failed.abort(why === undefined ? loginFailure(hop, evidence) : notStarted(hop, why));
  }

  /** ssh creates its control socket once it is logged in, atomically (by a link). */
  async #comeUp(): Promise<void> {
    const { control, socket } = this.#options;
    const { signal } = this.#failed;
    await fileAppears(control, signal);
    const channels = await openProxy(control, signal);
    signal.throwIfAborted();
    this.#channels = channels;
    const client = openConnectionLayer(channels, this.server);
    this.#client = client;
    client.on("error", () => channels.destroy());
    client.on("end", () => channels.destroy());
    client.on("close", () => {
      this.#lose(this.#closeProblem("connection lost"));
      this.#hangUp();
    });
    this.#outgoing = limitTraffic(client, channels, (what) => {
      this.#lose(protocolError(this.hop, `${what}, and the connection was closed.`));
      this.#hangUp();
    });
    socket.setMaxListeners(0);
  }

  #hangUp(): void {
    this.#channels?.destroy();
    this.#options.socket.destroy();
    this.#options.ssh.end();
  }

  /** If the connection that it was tunnelled through has closed, that is the reason. */
  #lose(reason: Problem): void {
    const before = this.#options.bastion?.closeReason;
    const problem = before === undefined ? reason : onTheWayTo(this.hop, before);
    if (this.#client !== undefined) this.#end.resolve(problem);
  }
}

/** ssh does not report which key it used: all credentials together identify the login. */
function loginKey({ credentials, hop }: OpenSshLoginOptions): string {
  const all = JSON.stringify([identityOf(credentials), hop.identityFiles, hop.settings.login]);
  return `openssh:${createHash("sha256").update(all).digest("base64")}`;
}
