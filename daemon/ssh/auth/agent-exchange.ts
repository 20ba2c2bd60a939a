import { connect } from "node:net";
import { platform } from "node:os";
import type { Duplex } from "node:stream";
import { createAgent, CygwinAgent, type OpenSSHAgent, PageantAgent } from "ssh2";
import { errorCode } from "../../../state-directory/error-code.ts";
import { loopTime } from "../../core/loop-time.ts";
import { wireString } from "../wire-string.ts";

/** Why an agent could not be used, as a clause that can follow a colon. */
export class AgentError extends Error {}

/** The agent may respond later, but should not be waited for as long again. */
export class AgentTimeout extends AgentError {}

/** OpenSSH's limit (authfd.c). */
const maxAnswerBytes = 256 * 1024;
const againAfterMs = 20;
const maxSocketPathBytes = 107;

export interface ExchangeLimits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Sends one request and returns the response, both without their length fields. The connection is closed once this
 * settles.
 */
export function exchange(
  socket: string,
  request: Buffer,
  { timeoutMs, signal }: ExchangeLimits,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let stream: Duplex | undefined;
    let over = false;
    const leave = (): void => {
      over = true;
      stopWaiting();
      signal?.removeEventListener("abort", giveUp);
      stream?.destroy();
    };
    const answered = (answer: Buffer): void => {
      leave();
      resolve(answer);
    };
    const refuse = (failure: AgentError): void => {
      leave();
      reject(failure);
    };
    const fail = (why: string): void => refuse(new AgentError(why));
    const giveUp = (): void => fail("the login was over before the agent had answered");
    const late = `the agent did not answer within ${timeoutMs / 1000} s`;
    const stopWaiting = loopTime.after(timeoutMs, () => refuse(new AgentTimeout(late)));
    signal?.addEventListener("abort", giveUp, { once: true });
    if (signal?.aborted === true) giveUp();
    const broken = (failure: unknown): void => {
      // Too many clients connect at once: the agent has not accepted this one yet.
      if (errorCode(failure) === "EAGAIN" && !over) setTimeout(open, againAfterMs);
      else fail(explain(failure));
    };
    const open = (): void => {
      openStream(socket, (opened) => {
        stream = opened;
        if (over) opened.on("error", () => undefined).destroy();
        else converse(opened, request, { answered, fail, broken });
      }).catch(broken);
    };
    if (!over) open();
  });
}

interface Outcome {
  readonly answered: (answer: Buffer) => void;
  readonly fail: (why: string) => void;
  readonly broken: (failure: unknown) => void;
}

function converse(stream: Duplex, request: Buffer, { answered, fail, broken }: Outcome): void {
  const chunks: Buffer[] = [];
  let size = 0;
  let length: number | undefined;
  let failed = false;
  stream.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size < 4) return;
    length ??= Buffer.concat(chunks).readUInt32BE(0);
    if (length > maxAnswerBytes) fail(`the agent's answer is larger than ${maxAnswerBytes / 1024} KiB`);
    else if (size >= 4 + length) answered(Buffer.concat(chunks).subarray(4, 4 + length));
  });
  stream.on("error", (failure) => {
    failed = true;
    broken(failure);
  });
  stream.on("close", () => {
    if (!failed) fail("the agent closed the connection before it had answered");
  });
  stream.write(wireString(request));
}

/**
 * Whether an agent's path is a Unix socket. On Windows it is a pipe, `pageant`, or the file by which Cygwin's ssh finds a
 * socket: ssh2 distinguishes these.
 */
export function isSocketPath(path: string, system: NodeJS.Platform = platform()): boolean {
  return system !== "win32" && !/^[/\\]{2}\.[/\\]pipe[/\\]/.test(path);
}

/** `opened` is called in the turn in which connecting begins, since the error may be emitted in the next one. */
async function openStream(socket: string, opened: (stream: Duplex) => void): Promise<void> {
  const agent = createAgent(socket);
  if (agent instanceof CygwinAgent || agent instanceof PageantAgent) {
    opened(await streamOf(agent));
    return;
  }
  // libuv truncates the path to 108 bytes.
  const isTooLong = isSocketPath(socket) && Buffer.byteLength(socket) > maxSocketPathBytes;
  if (isTooLong) throw new AgentError("its path is too long for a socket");
  opened(connect(socket));
}

function streamOf(agent: OpenSSHAgent): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    agent.getStream((failure, stream) => {
      if (stream === undefined) reject(failure ?? new AgentError("it cannot be connected to"));
      else resolve(stream);
    });
  });
}

function explain(failure: unknown): string {
  if (failure instanceof AgentError) return failure.message;
  const code = errorCode(failure);
  return explanations.get(code ?? "") ?? `it cannot be connected to${code === undefined ? "" : ` (${code})`}`;
}

const explanations: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "there is nothing at its path"],
  ["ECONNREFUSED", "no agent listens there any more"],
  ["EACCES", "permission denied"],
  ["ECONNRESET", "the agent closed the connection before it had answered"],
  ["EPIPE", "the agent closed the connection before it had answered"],
]);
