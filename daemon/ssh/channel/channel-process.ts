import { Writable } from "node:stream";
import type { ClientChannel } from "ssh2";
import type { Problem } from "../../../protocol/problem.ts";
import type { TerminalSize } from "../../../protocol/run.ts";
import type { Log } from "../../core/log.ts";
import type { RemoteEnd, RemoteListener } from "../../transport/remote.ts";
import { endOnce, watchReading } from "./channel-reading.ts";
import type { SshConnection } from "../connect/ssh-connection.ts";
import { connectionLost, nameOf, protocolError } from "../failure.ts";
import { exitOf } from "./exec.ts";
import { openReceiveWindow, type ReceiveWindow, type WindowBudget } from "../connect/receive-window.ts";
import { resizeChannel, signalChannel, watchWindow } from "../ssh2-internals.ts";

/** How long the peer may take to confirm a close. */
const closeGraceMs = 1000;

export interface ProcessParts {
  readonly connection: SshConnection;
  readonly channel: ClientChannel;
  readonly listener: RemoteListener;
  readonly log: Log;
  readonly windows: WindowBudget;
  /** Called once, right before the listener's `end`. */
  ended(): void;
}

/** A command on its channel, from the exec request to its single end. Nothing is emitted before `flow`. */
export class ChannelProcess {
  readonly stdin: Writable;
  /** Used instead of pausing the streams: a paused stream does not emit its end. */
  readonly window: ReceiveWindow;
  readonly #parts: ProcessParts;
  #lost: Problem | undefined;
  #closed = { channel: false, stderr: false };
  #finished = false;
  /** Whether the session was closed from our side. */
  #closing = false;
  #flowing = false;
  #held: RemoteEnd | undefined;
  #timer: NodeJS.Timeout | undefined;
  #leaveConnection: () => void = () => undefined;
  #releaseInput: () => void = () => undefined;

  constructor(parts: ProcessParts) {
    this.#parts = parts;
    this.stdin = this.#openInput();
    const { channel, connection } = parts;
    endOnce(channel);
    watchReading(channel, (failure) => this.#violated(failure));
    this.window = openReceiveWindow(connection.client, channel, parts.windows);
    channel.on("close", () => this.#closedBy("channel"));
    channel.stderr.on("close", () => this.#closedBy("stderr"));
    this.#leaveConnection = connection.onClose((problem) => {
      this.#lost ??= problem;
      this.#finishSoon();
    });
  }

  /** Starts to call the listener. Both streams are always read to their end: an unread one stalls the channel. */
  flow(): void {
    this.#flowing = true;
    const { channel, listener } = this.#parts;
    const windowLeft = watchWindow(channel);
    const deliver = (tell: (chunk: Buffer) => void) => (chunk: Buffer) => {
      if (this.#finished) return;
      if (windowLeft() < 0) {
        this.#violated(new Error("more data than the window allows"));
        return;
      }
      this.#guarded(() => tell(chunk));
    };
    channel.on(
      "data",
      deliver((chunk) => listener.stdout(chunk)),
    );
    channel.stderr.on(
      "data",
      deliver((chunk) => listener.stderr(chunk)),
    );
    // No well-behaved server fills the window before it accepts the command; what exceeded it is lost.
    if (windowLeft() <= 0) this.#violated(new Error("more data than the window allows"));
    if (this.#held !== undefined) this.#emitEnd(this.#held);
  }

  signal(name: string): void {
    const { channel, connection } = this.#parts;
    if (this.#finished || !signalNames.has(name)) return;
    if (!signalChannel(connection.client, channel, name)) channel.signal(name);
  }

  resize(size: TerminalSize): void {
    const { channel, connection } = this.#parts;
    if (!this.#finished) resizeChannel(connection.client, channel, size);
  }

  close(): void {
    if (this.#finished) return;
    this.#closing = true;
    this.#parts.channel.close();
    this.#lost ??= connectionLost(
      this.#parts.connection.hop,
      "Hostrun closed the session before the command's end was known.",
    );
    this.#finishSoon();
  }

  /** Ends the run for a reason of the pool, e.g. a command that the server never accepted. */
  lose(problem: Problem): void {
    this.#finish({ kind: "lost", problem });
  }

  #closedBy(stream: "channel" | "stderr"): void {
    this.#closed = { ...this.#closed, [stream]: true };
    if (this.#closed.channel && this.#closed.stderr) this.#finish(this.#result());
    else this.#finishSoon();
  }

  #result(): RemoteEnd {
    const { connection } = this.#parts;
    if (connection.closeReason !== undefined)
      return { kind: "lost", problem: this.#lost ?? connection.closeReason };
    const exit = exitOf(this.#parts.channel);
    if (exit !== undefined) return exit;
    const problem =
      this.#lost ??
      connectionLost(
        connection.hop,
        "the server closed the session without saying how the command ended. It may close idle ones " +
          "(ChannelTimeout).",
      );
    return { kind: "lost", problem };
  }

  /** For when the peer, or ssh2, never reports the close. */
  #finishSoon(): void {
    this.#timer ??= setTimeout(() => {
      const { hop, closeReason } = this.#parts.connection;
      const problem = this.#lost ?? connectionLost(hop, "the server did not close the session.");
      // An exit status from the server is final even if we were closing; without one nothing is known.
      const known = closeReason === undefined && this.#closing ? exitOf(this.#parts.channel) : undefined;
      this.#finish(known ?? { kind: "lost", problem });
    }, closeGraceMs).unref();
  }

  #violated(failure: Error): void {
    if (this.#finished) return;
    const { connection, channel, log } = this.#parts;
    log.warn("A server broke the SSH protocol on a session", { host: connection.hop.name, failure });
    const problem = protocolError(
      connection.hop,
      "sent data where none was allowed, so that output may be missing. The command may still be running there.",
      failure,
    );
    channel.close();
    this.#finish({ kind: "lost", problem });
  }

  /** An exception inside a data handler would make ssh2 close the whole connection, with every run on it. */
  #guarded(tell: () => void): void {
    try {
      tell();
    } catch (failure) {
      const { connection, channel, log } = this.#parts;
      log.error("A run's output could not be handled", { host: connection.hop.name, failure });
      channel.close();
      this.#finish({
        kind: "lost",
        problem: connectionLost(
          connection.hop,
          `Hostrun failed to record the output of a command on ${nameOf(connection.hop)}, and closed its session.`,
          failure,
        ),
      });
    }
  }

  #finish(end: RemoteEnd): void {
    if (this.#finished) return;
    this.#finished = true;
    clearTimeout(this.#timer);
    this.#leaveConnection();
    this.#releaseInput();
    this.stdin.destroy();
    this.#parts.ended();
    if (this.#flowing) this.#emitEnd(end);
    else this.#held = end;
  }

  #emitEnd(end: RemoteEnd): void {
    this.#held = undefined;
    try {
      this.#parts.listener.end(end);
    } catch (failure) {
      this.#parts.log.error("A run's end could not be handled", {
        host: this.#parts.connection.hop.name,
        failure,
      });
    }
  }

  /** ssh2 never calls back for a write on a channel that is not open: the callback is stored and called at the end. */
  #openInput(): Writable {
    const { channel } = this.#parts;
    const input = new Writable({
      highWaterMark: 64 * 1024,
      write: (chunk: Buffer, _encoding, done) => {
        if (this.#finished) {
          done(notTaken());
          return;
        }
        let waiting = true;
        const release = (failure?: Error): void => {
          if (!waiting) return;
          waiting = false;
          done(failure);
        };
        this.#releaseInput = () => release(notTaken());
        channel.write(chunk, () => release());
      },
      final: (done) => {
        if (!channel.writableEnded) channel.end();
        done();
      },
    });
    input.on("error", () => undefined);
    return input;
  }
}

function notTaken(): Error {
  return new Error("The process has ended");
}

/** RFC 4254, section 6.10. */
const signalNames: ReadonlySet<string> = new Set(
  "ABRT ALRM FPE HUP ILL INT KILL PIPE QUIT SEGV TERM USR1 USR2".split(" "),
);
