import type { Writable } from "node:stream";
import type { HostKeyPolicy } from "../../protocol/host.ts";
import type { Problem } from "../../protocol/problem.ts";
import type { TerminalSize } from "../../protocol/run.ts";
import type { Connection } from "../../protocol/stats.ts";
import type { TestStepName } from "../../protocol/test-step.ts";
import type { HopSettings } from "./hop-settings.ts";
import type { LoginShell } from "./login-shell.ts";
import type { Questioner } from "./questioner.ts";

/** One fully resolved hop: address, port and user to log in as. */
export interface Hop {
  /** The name that the person uses; for messages. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Absolute paths of the configured key files, in order; empty: OpenSSH's default files. */
  readonly identityFiles: readonly string[];
  /** Use the configured files only, not every key of the agent (ssh_config's IdentitiesOnly). */
  readonly identitiesOnly: boolean;
  readonly hostKeyPolicy: HostKeyPolicy;
  readonly settings: HopSettings;
}

/** A host and the bastions before it, in the order in which they are dialled. */
export interface Target extends Hop {
  readonly jump: readonly Hop[];
}

export interface ConnectOptions {
  /** Deadline for the whole connection, every hop included. */
  readonly connectTimeoutMs: number;
  /** The caller's SSH_AUTH_SOCK, which is more recent than the daemon's; null: the daemon's. */
  readonly agentSocket: string | null;
  /**
   * When the caller's request arrived, by the clock's `elapsed`: results looked up before that are not used. Default:
   * now.
   */
  readonly askedAt?: number | undefined;
  /** Asks a person where necessary; undefined: nobody can be asked, and what needs a person fails immediately. */
  readonly questioner?: Questioner | undefined;
}

/** The caller whose credentials are used. */
export type LoginQuery = Pick<ConnectOptions, "agentSocket" | "askedAt">;

export interface ExecRequest extends ConnectOptions {
  /** The exact command of the exec request, depending on what will interpret it. */
  readonly command: (shell: LoginShell) => string;
  /**
   * Variables to send in env requests (RFC 4254, section 6.4), of which servers accept those that they are configured
   * for. If no shell could set the others, the command is sent only if all are accepted.
   */
  readonly env?: (shell: LoginShell) => Readonly<Record<string, string>>;
  /** The size of its terminal; null: no terminal. */
  readonly pty: TerminalSize | null;
  /** Whether its standard input is empty and may end at once; called when the command, or `text`, is sent. */
  readonly inputEnds?: () => boolean;
  /**
   * The command for a Bourne shell to run as is, without Hostrun's prefix. If it is given, the command may share a session
   * with others.
   */
  readonly text?: string | undefined;
  /** Called with true when `text` is sent, and with false once the host has reported that it did not start it. */
  readonly onTextSent?: (mayRun: boolean) => void;
}

/** How the remote process ended, as far as the server reported it. */
export type RemoteEnd =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "signaled"; readonly signal: string }
  /** The channel or the connection closed without an exit status. Never to be treated as 0. */
  | { readonly kind: "lost"; readonly problem: Problem };

/**
 * Called in order, and never synchronously. `end` is called exactly once, after the last byte of both streams. An
 * exception in a handler does not affect other runs on the connection: it is logged, and this run is lost.
 */
export interface RemoteListener {
  stdout(chunk: Buffer): void;
  stderr(chunk: Buffer): void;
  end(end: RemoteEnd): void;
}

/** The standard output (latin1) of one of Hostrun's own commands, and its exit status if there was one. */
export interface RemoteAnswer {
  readonly output: string;
  readonly code: number | undefined;
}

export interface RemoteProcess {
  readonly connection: Connection;
  /** The identity with which the connection was opened; see `Remote.identity`. */
  readonly identity: string;
  /** For a command without a session of its own: its process on the host, if known. */
  readonly worker?: { readonly pid: number | undefined };
  /** Whether the connection was open before this run asked for it. */
  readonly reused: boolean;
  /** False once its connection is closed, or is being closed; what is sent then does not arrive. */
  readonly isOpen: boolean;
  /** Milliseconds; 0 if nothing had to be done. */
  readonly connectMs: number;
  readonly channelMs: number;
  /** Standard input, with back-pressure; end it to send EOF. Writing after the process has ended is harmless. */
  readonly stdin: Writable;
  /** A signal name without SIG, e.g. "INT". The server may ignore it (OpenSSH does for root). */
  signal(name: string): void;
  /**
   * Runs a short command of Hostrun's own on the same connection, and so on the same machine, alongside this one.
   * undefined if it could not be run or took longer than `deadlineMs`. `input` is its standard input, empty by default.
   */
  execHelper(command: string, deadlineMs: number, input?: Buffer): Promise<RemoteAnswer | undefined>;
  /** A run has begun with it, which its connection counts. */
  runBegan(): void;
  /** The remembered login shell was wrong: the next run queries the host again. */
  forgetShell(): void;
  /** With `true` the host soon stops sending output, after at most 2 MiB plus `extraBytes`; with `false` it resumes. */
  hold(held: boolean): void;
  /** With `true` its session is kept, but no longer than a connection without any; with `false` it is needed again. */
  rest(resting: boolean): void;
  /** How much more a distant host may currently send ahead. */
  extraBytes(): number;
  /** Resizes its terminal; does nothing if it has none. */
  resize(size: TerminalSize): void;
  /** Closes the channel; `end` is still called, even if the server does not respond. */
  close(): void;
}

/**
 * The progress of a connection attempt: a step starts, a person is asked or has answered, an open connection is reused.
 */
export type ConnectMark = TestStepName | "asking" | "answered" | "reused";

export interface ProbeOptions extends ConnectOptions {
  /** Opens a new connection to the target even if one is open. */
  readonly fresh?: boolean;
  /** Also opens a session, and runs a command in it that does nothing. */
  readonly exec?: boolean;
  /** Called with the progress; undefined if a hop merely continues or starts. */
  readonly mark?: (mark: ConnectMark | undefined, hop: Hop) => void;
}

/** The outcome of a command that does nothing; `unasked`: it was not run, for the given reason. */
export type SessionProbe =
  | { readonly kind: "ran" }
  | { readonly kind: "failed" | "unasked"; readonly why: string };

export interface HostProbe {
  readonly connection: Connection;
  readonly reused: boolean;
  readonly connectMs: number;
  readonly hostKey: { readonly keyType: string; readonly fingerprint: string };
  /** Only if it was requested. */
  readonly session?: SessionProbe;
}

/** Called while a connection is being opened, never for one that is already open. */
export interface ConnectListener {
  /** E.g. "Connecting to bastion". */
  step(message: string): void;
  /** Text to show to a person before the login, in visible lines. */
  banner(text: string, hop: Hop, from: BannerSource): void;
}

/** The hop's server, or a hardware key that waits to be touched. */
export type BannerSource = "server" | "key";

/** What runs need from SSH. Every rejection is a Problem, and means that the command was never sent. */
export interface Remote {
  /** Starts a command on a pooled connection, opening one if necessary. */
  exec(
    target: Target,
    request: ExecRequest,
    listener: RemoteListener & ConnectListener,
    signal: AbortSignal,
  ): Promise<RemoteProcess>;
  /**
   * Identifies the login, the route and the keys, including those that the agent holds now: equal only for what a host
   * cannot distinguish.
   */
  identity(target: Target, who: LoginQuery): Promise<string>;
  /** Starts to look up credentials, for an `exec` or `identity` that is likely to follow immediately. */
  prepare(target: Target, agentSocket: string | null): void;
  /** Connects and authenticates, or finds an open connection. */
  probe(target: Target, options: ProbeOptions, signal: AbortSignal): Promise<HostProbe>;
}
