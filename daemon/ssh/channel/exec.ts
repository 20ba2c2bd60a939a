import type { ClientChannel } from "ssh2";
import type { TerminalSize } from "../../../protocol/run.ts";
import { visibleLine } from "../../../protocol/visible.ts";
import { answeredAfter } from "../connect/receive-window.ts";
import type { SshConnection } from "../connect/ssh-connection.ts";
import {
  type ChannelRequest,
  isClosedByServer,
  openSessionChannel,
  requestOnChannel,
  terminal,
} from "../ssh2-internals.ts";

/** What is sent for the host to run, and whether on a terminal. */
export interface CommandRequest {
  readonly command: string;
  /** With `required` the command is not sent unless the server takes them all. */
  readonly variables?: { readonly values: Readonly<Record<string, string>>; readonly required: boolean };
  readonly pty: TerminalSize | null;
  /** Nothing comes on its standard input. */
  readonly inputEnds?: boolean;
}

const none: CommandRequest["variables"] & object = { values: {}, required: false };

/** What the server did not do. */
export type Refused = "exec" | "pty" | "env";

/** What came of opening a session, of sending a command on it, or of both. */
export type ExecOutcome =
  /** A session on which nothing runs yet. */
  | { readonly kind: "opened"; readonly channel: ClientChannel }
  /** The server took the command. */
  | { readonly kind: "accepted"; readonly channel: ClientChannel }
  /** The server opens no session: nothing has run. */
  | { readonly kind: "refused" }
  /** The connection went before the command was sent: nothing has run. */
  | { readonly kind: "lost" }
  /** The server closed the session, and for certain did not run the command: another session may do. */
  | { readonly kind: "closed" }
  /** The server answered that it does not run the command. */
  | { readonly kind: "rejected"; readonly what: Refused }
  /** The command was sent and never answered: it may have run. */
  | { readonly kind: "unknown" };

/** Those of the outcomes that a step can have. */
export type Outcome<Kind extends ExecOutcome["kind"]> = Extract<ExecOutcome, { kind: Kind }>;
export type Opening = Outcome<"opened" | "refused" | "lost">;
export type Start = Exclude<ExecOutcome, Outcome<"opened" | "refused">>;

/** Opens a session channel on which nothing runs yet; only where `canOpenAhead` (ssh2-internals.ts) says so. */
export async function openChannel(connection: SshConnection): Promise<Opening> {
  if (connection.closeReason !== undefined) return { kind: "lost" };
  try {
    const since = performance.now();
    const channel = await openSessionChannel(connection.client);
    answeredAfter(connection.client, performance.now() - since);
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

/** Sends the command on `channel`. `sent` is called when it can no longer be taken back; false: it is not wanted. */
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
  // In the same packet of the network: it wakes the server once.
  if (request.inputEnds === true && takesEarlyEnd(connection)) channel.end();
  if (await asked) return { kind: "accepted", channel };
  if (connection.closeReason !== undefined) return { kind: "unknown" };
  if (!isClosed(channel)) return { kind: "rejected", what: "exec" };
  return wasNeverTaken(connection, channel) ? { kind: "closed" } : { kind: "unknown" };
}

/** Asks for what the command is to have; why it must not be sent, or undefined. */
async function prepare(
  connection: SshConnection,
  channel: ClientChannel,
  { variables = none, pty }: CommandRequest,
): Promise<Outcome<"lost" | "closed" | "rejected"> | undefined> {
  // Nobody answers a request on a session that is closed already.
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

/** Of others it is not known what they make of an input that ends before they have begun the command. */
const takesEarlyEnd = ({ server }: SshConnection): boolean => server.startsWith("OpenSSH_");

const isClosed = (channel: ClientChannel): boolean => isClosedByServer(channel) === true;

/**
 * Whether the server closed a session before it read the command. OpenSSH answers an exec request in the same step in
 * which it starts the command, before it looks at anything else, and takes none on a session that it has begun to
 * close (serverloop.c, server_input_channel_req; channels.c, channel_force_close): without an answer nothing ran.
 * Others may run a command and never answer, or run one on a session that they have closed.
 */
function wasNeverTaken({ server }: SshConnection, channel: ClientChannel): boolean {
  const silent = channel.readableLength + channel.stderr.readableLength === 0;
  return server.startsWith("OpenSSH_") && silent && exitOf(channel) === undefined;
}

/** Opening and starting in one, ssh2's public way: for an ssh2 whose insides have changed. */
export function execDirectly(
  connection: SshConnection,
  { command, variables = none, pty }: CommandRequest,
): Promise<Outcome<"accepted" | "refused" | "lost" | "rejected" | "unknown">> {
  return new Promise((resolve) => {
    // ssh2 asks for no answer, and so cannot say whether they were taken.
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

/** How the command of a channel ended, as far as the server has sent it; the first word is final. */
export type ChannelExit =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "signaled"; readonly signal: string };

export function exitOf(channel: ClientChannel): ChannelExit | undefined {
  return exits.get(channel);
}

/**
 * Before anything else: an `error` without a listener would end the process, and the exit of a short command comes
 * in the same packet of the network as the session's success, before any promise of it is settled.
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

/** ssh2 puts the server's reason on a refused channel, and nothing on one that went with its connection. */
function isRefusal(failure: unknown): boolean {
  return failure instanceof Error && "reason" in failure;
}
