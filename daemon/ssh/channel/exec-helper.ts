import { setTimeout as delay } from "node:timers/promises";
import type { ClientChannel } from "ssh2";
import { inTime } from "../../core/in-time.ts";
import { timeLimit } from "../../core/loop-time.ts";
import type { RemoteAnswer } from "../../transport/remote.ts";
import type { SshConnection } from "../connect/ssh-connection.ts";
import { execDirectly, execOn, exitOf } from "./exec.ts";

const maxAnswerBytes = 4096;

/** A refused session never ran, so it can be requested again. Servers free sessions late, and earlier helpers end. */
const retryDelayMs = 100;
const maxRefusals = 10;

/** Takes a session that was opened ahead, if there is one; the caller then owns it. */
export type TakeSpare = () => ClientChannel | undefined;

export interface HelperOptions {
  readonly deadlineMs: number;
  readonly takeSpare: TakeSpare;
  /** Standard input; empty by default. */
  readonly input?: Buffer | undefined;
}

/**
 * Runs a short command of Hostrun's own on a connection, alongside its runs, and collects its output. undefined if it
 * could not be run or did not end in time, whatever the server left unanswered: its result is then unknown.
 */
export async function execHelper(
  connection: SshConnection,
  command: string,
  { deadlineMs, takeSpare, input }: HelperOptions,
): Promise<RemoteAnswer | undefined> {
  using limit = timeLimit(deadlineMs);
  const late = limit.signal;
  const channel = await inTime(late, start(connection, command, { takeSpare, late }));
  if (channel === undefined) return undefined;
  const answer = collect(connection, channel, late);
  // A copy: the channel may send it only after the owner has cleared it.
  channel.end(input === undefined ? undefined : Buffer.from(input));
  return await answer;
}

async function start(
  connection: SshConnection,
  command: string,
  { takeSpare, late }: { readonly takeSpare: TakeSpare; readonly late: AbortSignal },
): Promise<ClientChannel | undefined> {
  const request = { command, pty: null };
  for (let refused = 0; refused <= maxRefusals && !late.aborted; refused += 1) {
    if (refused > 0) await delay(retryDelayMs);
    // If a server allows one session only, the one opened ahead is what makes it refuse others.
    const spare = takeSpare();
    if (spare !== undefined) {
      late.addEventListener("abort", () => spare.close());
      const outcome = await execOn(connection, spare, request, () => !late.aborted);
      if (outcome.kind === "accepted") return outcome.channel;
    }
    const outcome = await execDirectly(connection, request);
    if (outcome.kind === "accepted" && late.aborted) outcome.channel.close();
    if (outcome.kind === "accepted") return outcome.channel;
    if (outcome.kind !== "refused") return undefined;
  }
  return undefined;
}

function collect(
  connection: SshConnection,
  channel: ClientChannel,
  late: AbortSignal,
): Promise<RemoteAnswer | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (answer: RemoteAnswer | undefined): void => {
      late.removeEventListener("abort", giveUp);
      leave();
      channel.close();
      resolve(answer);
    };
    const giveUp = (): void => settle(undefined);
    late.addEventListener("abort", giveUp);
    const leave = connection.onClose(() => settle(undefined));
    channel.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxAnswerBytes) settle(undefined);
      else chunks.push(chunk);
    });
    channel.stderr.resume();
    channel.on("close", () => {
      const exit = exitOf(channel);
      const code = exit?.kind === "exited" ? exit.code : undefined;
      settle({ output: Buffer.concat(chunks).toString("latin1"), code });
    });
  });
}
