import type { ClientChannel } from "ssh2";
import type { TerminalSize } from "../../../protocol/run.ts";
import { visibleLine } from "../../../protocol/visible.ts";
import { recordRoundTrip } from "../connect/receive-window.ts";
import type { SshConnection } from "../connect/ssh-connection.ts";
import {
  type ChannelRequest,
  isClosedByServer,
  openSessionChannel,
  requestOnChannel,
  terminal,
} from "../ssh2-internals.ts";

/** The command for the host to run, and whether on a terminal. */
export interface CommandRequest {
  readonly command: string;
  /** With `required` the command is not sent unless the server accepts all of them. */
  readonly variables?: { readonly values: Readonly<Record<string, string>>; readonly required: boolean };
  readonly pty: TerminalSize | null;
  /** Its standard input is empty. */
  readonly inputEnds?: boolean;
}

const none: CommandRequest["variables"] & object = { values: {}, required: false };

/** The request that the server refused. */
export type Refused = "exec" | "pty" | "env";

/** The outcome of opening a session, of sending a command on it, or of both. */
export type ExecOutcome =
  /** A session without a command. */
  | { readonly kind: "opened"; readonly channel: ClientChannel }
  /** The server accepted the command. */
  | { readonly kind: "accepted"; readonly channel: ClientChannel }
  /** The server refused to open a session: nothing has run. */
  | { readonly kind: "refused" }
  /** The connection closed before the command was sent: nothing has run. */
  | { readonly kind: "lost" }
  /** The server closed the session and certainly did not run the command: another session may work. */
  | { readonly kind: "closed" }
  /** The server refused a request: the command does not run. */
  | { readonly kind: "rejected"; readonly what: Refused }
  /** The command was sent and never acknowledged: it may have run. */
  | { readonly kind: "unknown" };

/** The outcomes of the given kinds. */
export type Outcome<Kind extends ExecOutcome["kind"]> = Extract<ExecOutcome, { kind: Kind }>;
export type Opening = Outcome<"opened" | "refused" | "lost">;
export type Start = Exclude<ExecOutcome, Outcome<"opened" | "refused">>;

/** Opens a session channel without a command; call it only if `canOpenAhead` (ssh2-internals.ts) is true. */
export async function openChannel(connection: SshConnection): Promise<Opening> {
  if (connection.closeReason !== undefined) return { kind: "lost" };
  try {
    const since = performance.now();
    const channel = await openSessionChannel(connection.client);
    recordRoundTrip(connection.client, performance.now() - since);
    guard(connection, channel);
    return { kind: "opened", channel };
  } catch (failure) {
    return { kind: isRefusal(failure) ? "refused" : "lost" };
  }
}

/** Whether a channel that was opened ahead can still be used. */
export function isUsable(channel: ClientChannel): boolean {
  return isClosedByServer(channel) === false;
}

/**
 * Sends the command on `channel`. `sent` is called when it can no longer be cancelled; if it returns false, the command
 * is not sent.
 */
export async function execOn(
  connection: SshConnection,
  channel: ClientChannel,
  request: CommandRequest,
  sent: () => boolean,
): Promise<Start> {
  const obstacle = await prepare(connection, channel, request);
  if (obstacle !== undefined) return obstacle;
  if (!sent()) return { kind: "lost" };
  const asked = ask(connection, channel, { exec: request.command });
  // In the same network packet, which wakes the server only once.
  if (request.inputEnds === true && takesEarlyEnd(connection)) channel.end();
  if (await asked) return { kind: "accepted", channel };
  if (connection.closeReason !== undefined) return { kind: "unknown" };
  if (!isClosed(channel)) return { kind: "rejected", what: "exec" };
  return wasNeverTaken(connection, channel) ? { kind: "closed" } : { kind: "unknown" };
}

/** Requests the terminal and the variables; returns why the command must not be sent, or undefined. */
async function prepare(
  connection: SshConnection,
  channel: ClientChannel,
  { variables = none, pty }: CommandRequest,
): Promise<Outcome<"lost" | "closed" | "rejected"> | undefined> {
  // A request on a closed session is never answered.
  if (pty !== null && !isClosed(channel)) {
    const given = await ask(connection, channel, { pty });
    if (connection.closeReason !== undefined) return { kind: "lost" };
    if (!given && !isClosed(channel)) return { kind: "rejected", what: "pty" };
  }
  if (isClosed(channel)) return { kind: "closed" };
  const asked = Object.entries(variables.values).map((variable) =>
    ask(connection, channel, { env: variable }),
  );
  if (!variables.required || !(await Promise.all(asked)).includes(false)) return undefined;
  if (connection.closeReason !== undefined) return { kind: "lost" };
  return isClosed(channel) ? { kind: "closed" } : { kind: "rejected", what: "env" };
}

function ask({ client }: SshConnection, channel: ClientChannel, request: ChannelRequest): Promise<boolean> {
  return new Promise((resolve) => requestOnChannel(client, channel, request, resolve));
}

/** How other servers treat input that ends before the command has started is not known. */
const takesEarlyEnd = ({ server }: SshConnection): boolean => server.startsWith("OpenSSH_");

const isClosed = (channel: ClientChannel): boolean => isClosedByServer(channel) === true;

/**
 * Whether the server closed a session before it read the command. OpenSSH replies to an exec request in the same step in
 * which it starts the command, before it handles anything else, and accepts none on a session that it has started to
 * close (serverloop.c, server_input_channel_req; channels.c, channel_force_close): without a reply nothing ran. Other
 * servers may run a command and never reply, or run one on a session that they have closed.
 */
function wasNeverTaken({ server }: SshConnection, channel: ClientChannel): boolean {
  const silent = channel.readableLength + channel.stderr.readableLength === 0;
  return server.startsWith("OpenSSH_") && silent && exitOf(channel) === undefined;
}

/** Opens and starts in one call, ssh2's public way: for an ssh2 whose internals have changed. */
export function execDirectly(
  connection: SshConnection,
  { command, variables = none, pty }: CommandRequest,
): Promise<Outcome<"accepted" | "refused" | "lost" | "rejected" | "unknown">> {
  return new Promise((resolve) => {
    // ssh2 requests no reply, so whether they were accepted would be unknown.
    if (variables.required && Object.keys(variables.values).length > 0) {
      resolve({ kind: "rejected", what: "env" });
      return;
    }
    if (connection.closeReason !== undefined) {
      resolve({ kind: "lost" });
      return;
    }
    const options = { env: variables.values, ...(pty === null ? {} : { pty: { ...terminal, ...pty } }) };
    connection.client.exec(command, options, (failure, channel) => {
      if (failure === undefined) {
        guard(connection, channel);
        resolve({ kind: "accepted", channel });
      } else if (isRefusal(failure)) resolve({ kind: "refused" });
      else if (connection.closeReason === undefined)
        resolve({ kind: "rejected", what: pty === null ? "exec" : "pty" });
      else resolve({ kind: "unknown" });
    });
  });
}

const exits = new WeakMap<ClientChannel, ChannelExit>();

/** How a channel's command ended, as far as the server has sent it; the first message is final. */
export type ChannelExit =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "signaled"; readonly signal: string };

export function exitOf(channel: ClientChannel): ChannelExit | undefined {
  return exits.get(channel);
}

/**
 * Must run before anything else: an `error` without a listener would end the process, and the exit of a short command
 * arrives in the same network packet as the session's success, before any promise for it settles.
 */
function guard(connection: SshConnection, channel: ClientChannel): void {
  connection.pace(channel);
  channel.on("error", () => undefined);
  channel.stderr.on("error", () => undefined);
  channel.on("exit", (code: number | null, signal?: string) => {
    if (exits.has(channel)) return;
    if (code !== null && code !== undefined) exits.set(channel, { kind: "exited", code });
    else if (signal !== undefined)
      exits.set(channel, { kind: "signaled", signal: visibleLine(signal.replace(/^SIG/, "")) });
  });
}

/** ssh2 sets the server's reason on the error of a refused channel, and none if the connection closed. */
function isRefusal(failure: unknown): boolean {
  return failure instanceof Error && "reason" in failure;
}
