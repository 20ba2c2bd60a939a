import type { RemoteAnswer } from "../runs/remote.ts";
import type { SshConnection } from "./connection.ts";
import { execDirectly } from "./session-channel.ts";

const longestAnswerBytes = 4096;

/**
 * Runs a short command of Hostrun's own on a connection, beside the runs on it, and collects what it prints.
 * undefined when it could not be run or did not end in time: nothing is known then.
 */
export async function ask(
  connection: SshConnection,
  command: string,
  deadlineMs: number,
): Promise<RemoteAnswer | undefined> {
  const opening = await execDirectly(connection, { command, pty: false });
  if (opening.kind !== "opened") return undefined;
  const { channel } = opening;
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let code: number | undefined;
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
    channel.on("exit", (status: number | null) => {
      code = status ?? undefined;
    });
    channel.on("close", () => settle({ output: Buffer.concat(chunks).toString("latin1"), code }));
    channel.end();
  });
}
