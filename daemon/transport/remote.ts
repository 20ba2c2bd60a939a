import type { Writable } from "node:stream";
import type { HostKeyPolicy } from "../../protocol/host.ts";
import type { Problem } from "../../protocol/problem.ts";
import type { TerminalSize } from "../../protocol/run.ts";
import type { Connection } from "../../protocol/stats.ts";
import type { TestStepName } from "../../protocol/test-step.ts";
import type { HopSettings } from "./hop-settings.ts";
import type { LoginShell } from "./login-shell.ts";
import type { Questioner } from "./questioner.ts";

/** Where and as whom to log in: one hop, fully resolved. */
export interface Hop {
  /** As the person calls it; for messages. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Absolute paths of configured key files, in order; empty means OpenSSH's default files. */
  readonly identityFiles: readonly string[];
  /** Use the configured files only, not every key of the agent (ssh_config's IdentitiesOnly). */
  readonly identitiesOnly: boolean;
  readonly hostKeyPolicy: HostKeyPolicy;
  readonly settings: HopSettings;
}

/** A host and the bastions on the way to it, the first to be dialled first. */
export interface Target extends Hop {
  readonly jump: readonly Hop[];
}

export interface ConnectOptions {
  /** Deadline for the whole way, every hop included. */
  readonly connectTimeoutMs: number;
  /** The caller's SSH_AUTH_SOCK, which is fresher than the daemon's own; null: the daemon's. */
  readonly agentSocket: string | null;
  /**
   * When what this is for was asked for, by the clock's `elapsed`: nothing counts that was looked up before. Default: now.
   */
  readonly askedAt?: number | undefined;
  /** Who answers what only a person can; undefined: nobody is there, and what needs a person fails at once. */
  readonly questioner?: Questioner | undefined;
}

/** Whose login is meant. */
export type LoginQuery = Pick<ConnectOptions, "agentSocket" | "askedAt">;

export interface ExecRequest extends ConnectOptions {
  /** Exactly what the exec request carries, by what will read it. */
  readonly command: (shell: LoginShell) => string;
  /**
   * Variables for requests of their own (RFC 4254, section 6.4), of which servers take those that they are set up for.
   * Where no shell could set the rest, the command is sent only if all are taken.
   */
  readonly env?: (shell: LoginShell) => Readonly<Record<string, string>>;
  /** On a terminal of this size; null: on none. */
  readonly pty: TerminalSize | null;
  /** Whether nothing comes on its standard input, which may then end at once; asked when the command is made. */
  readonly inputEnds?: () => boolean;
  /**
   * The command as a Bourne shell is to run it by itself: with no word of Hostrun's own before it, and nothing on standard
   * input. Where it is given the command may share a session with others.
   */
  readonly text?: string | undefined;
}

/** How the remote process ended, as far as the server told. */
export type RemoteEnd =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "signaled"; readonly signal: string }
  /** The channel or the connection went away without a word about the exit. Never to be read as 0. */
  | { readonly kind: "lost"; readonly problem: Problem };

/**
 * Told in order, on the event loop's own turn. `end` comes exactly once, after the last byte of both streams.
 * A handler that throws does no harm to other runs on the connection: the failure is logged and this run lost.
 */
export interface RemoteListener {
  stdout(chunk: Buffer): void;
  stderr(chunk: Buffer): void;
  end(end: RemoteEnd): void;
}

/** What a command of Hostrun's own printed on standard output (latin1), and its exit status if there was one. */
export interface RemoteAnswer {
  readonly output: string;
  readonly code: number | undefined;
}

export interface RemoteProcess {
  readonly connection: Connection;
  /** As which the connection was opened; see `Remote.identity`. */
  readonly identity: string;
  /** Of a command that has no session of its own: its process on the host, where that is known. */
  readonly worker?: { readonly pid: number | undefined };
  /** Whether the connection was there before this run asked for it. */
  readonly reused: boolean;
  /** Milliseconds; 0 where nothing had to be done. */
  readonly connectMs: number;
  readonly channelMs: number;
  /** Standard input, with back-pressure; end it to send EOF. Writing after the end of the process is harmless. */
  readonly stdin: Writable;
  /** A signal name without SIG, e.g. "INT". The server may ignore it (OpenSSH does for root). */
  signal(name: string): void;
  /**
   * Runs a short command of Hostrun's own on the same connection, and so on the same machine, beside this one.
   * undefined when it could not be run or took longer than `deadlineMs`. `input`: its standard input, by default none.
   */
  execHelper(command: string, deadlineMs: number, input?: Buffer): Promise<RemoteAnswer | undefined>;
  /** What was known of the login shell was wrong: the next run asks again. */
  forgetShell(): void;
  /** With `true` the host soon sends no more output, after at most 2 MiB and `extraBytes`; with `false` it goes on. */
  hold(held: boolean): void;
  /** What a host that is far away may send ahead now. */
  extraBytes(): number;
  /** A new size of its terminal; nothing comes of it where there is none. */
  resize(size: TerminalSize): void;
  /** Gives the channel up; `end` still comes, at once if the server stays silent. */
  close(): void;
}

/** What a connection on its way comes to: a step begins, a person is asked and has answered, a hop was connected to before. */
export type ConnectMark = TestStepName | "asking" | "answered" | "reused";

export interface ProbeOptions extends ConnectOptions {
  /** Opens a connection to the target even where one is open. */
  readonly fresh?: boolean;
  /** Also opens a session, and runs a command in it that does nothing. */
  readonly exec?: boolean;
  /** Told of the way there; a mark is missing where it only goes on, or begins, at that hop. */
  readonly mark?: (mark: ConnectMark | undefined, hop: Hop) => void;
}

/** What came of a command that does nothing; `unasked`: the server was not to be asked, for that reason. */
export type SessionProbe =
  | { readonly kind: "ran" }
  | { readonly kind: "failed" | "unasked"; readonly why: string };

export interface HostProbe {
  readonly connection: Connection;
  readonly reused: boolean;
  readonly connectMs: number;
  readonly hostKey: { readonly keyType: string; readonly fingerprint: string };
  /** Only where it was asked for. */
  readonly session?: SessionProbe;
}

/** Told of what happens on the way to a connection; of one that is up nothing. */
export interface ConnectListener {
  /** E.g. "Connecting to bastion". */
  step(message: string): void;
  /** What a person is shown before the login, in visible lines. */
  banner(text: string, hop: Hop, from: BannerSource): void;
}

/** The server of the hop, or a key in hardware, which waits to be touched. */
export type BannerSource = "server" | "key";

/** What runs need of SSH. Every rejection is a Problem, and means that the command was never sent. */
export interface Remote {
  /** Starts a command on a pooled connection, opening one where needed. */
  exec(
    target: Target,
    request: ExecRequest,
    listener: RemoteListener & ConnectListener,
    signal: AbortSignal,
  ): Promise<RemoteProcess>;
  /**
   * Who would run a command where, by which way and with which keys, those that the agent holds now included: the same
   * only for what a host cannot tell apart.
   */
  identity(target: Target, who: LoginQuery): Promise<string>;
  /** Begins to look up what there is to log in with, for an `exec` or `identity` that is likely to come at once. */
  prepare(target: Target, agentSocket: string | null): void;
  /** Connects and authenticates, or finds a connection that is up. */
  probe(target: Target, options: ProbeOptions, signal: AbortSignal): Promise<HostProbe>;
}
