import { setTimeout as delay } from "node:timers/promises";
import type { ClientChannel } from "ssh2";
import type { Problem } from "../../../protocol/problem.ts";
import type { Log } from "../../core/log.ts";
import type { RemoteListener } from "../../transport/remote.ts";
import { ChannelProcess } from "../channel/channel-process.ts";
import type { WindowBudget } from "../connect/receive-window.ts";
import type { ConnectDeadline } from "../connect/deadline.ts";
import { channelRefused } from "../failure.ts";
import type { Lease } from "./lease.ts";
import {
  type CommandRequest,
  execDirectly,
  execOn,
  type Opening,
  openChannel,
  type Outcome,
  type Refused,
  type Start,
} from "../channel/exec.ts";
import { canOpenAhead } from "../ssh2-internals.ts";

export interface StartOptions {
  readonly lease: Lease;
  /** Called once the session is open: only then is it known what may be sent. */
  readonly request: () => Promise<CommandRequest>;
  readonly listener: RemoteListener;
  readonly deadline: ConnectDeadline;
  readonly log: Log;
  readonly windows: WindowBudget;
  /** Called when the command is sent: what is sent now goes along. */
  readonly onSent: () => void;
}

export type Started =
  | { readonly kind: "started"; readonly process: ChannelProcess }
  /** Nothing has run or will run: the next connection may work or, after "closed", the next session. */
  | Outcome<"refused" | "lost" | "closed">;

/** A refused session never ran. Servers free sessions late, so the next request may be accepted. */
const retryDelaysMs = [15, 45];

/**
 * Starts a command on a leased connection. The lease is freed when the command has ended, or immediately if it did not
 * start. Rejects with `channel_refused` if the server refuses to run it.
 */
export async function startCommand(options: StartOptions): Promise<Started> {
  const { lease } = options;
  const settle = lease.pooled.hasRun ? () => undefined : lease.connection.forceAcks();
  try {
    const started = canOpenAhead(lease.connection.client)
      ? await onChannel(options)
      : await directly(options);
    if (started.kind === "started") lease.pooled.commandStarted();
    else lease[Symbol.dispose]();
    return started;
  } catch (failure) {
    lease[Symbol.dispose]();
    throw failure;
  } finally {
    settle();
  }
}

async function onChannel(options: StartOptions): Promise<Started> {
  const { lease, deadline, request, onSent } = options;
  deadline.at = { stage: { at: "session" }, hop: lease.connection.hop };
  const opening = await open(options);
  if (opening.kind !== "opened") return opening;
  const process = processOn(options, opening.channel);
  let sent = false;
  const wanted = await request().catch((reason: unknown) => {
    process.close();
    throw reason;
  });
  const start = execOn(lease.connection, opening.channel, wanted, () => {
    sent = !deadline.signal.aborted;
    if (sent) queueMicrotask(onSent);
    return sent;
  });
  const outcome = await deadline.bound(start).catch((reason: unknown) => {
    if (!sent) {
      process.close();
      throw reason;
    }
    // It may be running already: the caller gets the process and decides.
    void start.then((late) => late.kind === "rejected" && process.lose(rejection(options, late.what)));
    return { kind: "unknown" } as const;
  });
  return concluded(options, process, outcome);
}

async function directly(options: StartOptions): Promise<Started> {
  const { lease, deadline, request } = options;
  const outcome = await deadline.bound(execDirectly(lease.connection, await request()));
  if (outcome.kind === "refused" || outcome.kind === "lost") return outcome;
  if (outcome.kind === "accepted") return concluded(options, processOn(options, outcome.channel), outcome);
  throw rejection(options, outcome.kind === "rejected" ? outcome.what : "exec");
}

function concluded(options: StartOptions, process: ChannelProcess, outcome: Start): Started {
  if (outcome.kind === "rejected") {
    const problem = rejection(options, outcome.what);
    process.close();
    process.lose(problem);
    throw problem;
  }
  if (outcome.kind === "lost" || outcome.kind === "closed") return outcome;
  // Output is emitted only after the caller has the process.
  setImmediate(() => process.flow());
  return { kind: "started", process };
}

async function open({ lease, deadline }: StartOptions): Promise<Opening> {
  const spare = lease.pooled.takeSpare();
  if (spare !== undefined) return { kind: "opened", channel: spare };
  for (const wait of [...retryDelaysMs, undefined]) {
    const opening = openChannel(lease.connection);
    const result = await deadline.bound(opening).catch((reason: unknown) => {
      void opening.then((late) => late.kind === "opened" && late.channel.close());
      throw reason;
    });
    if (result.kind !== "refused" || wait === undefined) return result;
    await delay(wait, undefined, { signal: deadline.signal });
  }
  return { kind: "refused" };
}

function processOn({ lease, listener, log, windows }: StartOptions, channel: ClientChannel): ChannelProcess {
  const closed = lease.pooled.channelOpened();
  const ended = (): void => {
    closed();
    lease[Symbol.dispose]();
  };
  return new ChannelProcess({ connection: lease.connection, channel, listener, log, windows, ended });
}

function rejection({ lease }: StartOptions, what: Refused): Problem {
  return channelRefused(lease.connection.hop, refusals[what]);
}

const refusals: Readonly<Record<Refused, string>> = {
  pty: "refused to allocate a terminal. Run the command without one.",
  env:
    "does not accept the command's variables: no known shell there could set them, and its server accepts none of " +
    "those names. Allow them there (AcceptEnv), or run the command without them.",
  exec: "does not run commands for this user. Look at the account's shell and at ForceCommand on the server.",
};
