import { setTimeout as delay } from "node:timers/promises";
import type { ClientChannel } from "ssh2";
import type { RemoteAnswer } from "../runs/remote.ts";
import type { SshConnection } from "./connection.ts";
import { execDirectly, execOn, exitOf, type Opening } from "./session-channel.ts";

const longestAnswerBytes = 4096;

/** A refused session never ran. Servers free theirs late, and questions that were asked before end. */
const refusedAgainMs = 100;
const refusedAtMost = 10;

/**
 * Runs a short command of Hostrun's own on a connection, beside the runs on it, and collects what it prints.
 * `spare`: a session that was opened ahead, if there is one. undefined when it could not be run or did not end in
 * time: nothing is known then.
 */
export async function ask(
  connection: SshConnection,
  command: string,
  deadlineMs: number,
  spare?: ClientChannel,
): Promise<RemoteAnswer | undefined> {
  const until = performance.now() + deadlineMs;
  let opening = spare === undefined ? undefined : await openedAhead(connection, command, spare);
  for (let refused = 0; opening?.kind !== "opened"; refused += 1) {
    if (refused > 0) await delay(refusedAgainMs);
    const answer = await execDirectly(connection, { command, pty: false });
    if (answer.kind !== "opened" && answer.kind !== "refused") return undefined;
    if (answer.kind === "refused" && refused === refusedAtMost) return undefined;
    opening = answer;
  }
  return collect(connection, opening.channel, until - performance.now());
}

async function openedAhead(
  connection: SshConnection,
  command: string,
  channel: ClientChannel,
): Promise<Opening | undefined> {
  const start = await execOn(connection, channel, { command, pty: false }, () => undefined);
  return start.kind === "accepted" ? { kind: "opened", channel } : undefined;
}

function collect(
  connection: SshConnection,
  channel: ClientChannel,
  deadlineMs: number,
): Promise<RemoteAnswer | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (answer: RemoteAnswer | undefined): void => {
      clearTimeout(timer);
      leave();
      channel.close();
      resolve(answer);
    };
    const timer = setTimeout(() => settle(undefined), deadlineMs);
    const leave = connection.onLost(() => settle(undefined));
    channel.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > longestAnswerBytes) settle(undefined);
      else chunks.push(chunk);
    });
    channel.stderr.resume();
    channel.on("close", () => {
      const exit = exitOf(channel);
      const code = exit?.kind === "exited" ? exit.code : undefined;
      settle({ output: Buffer.concat(chunks).toString("latin1"), code });
    });
    channel.end();
  });
}
