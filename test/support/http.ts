import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { connect, type NetConnectOpts } from "node:net";
import { Problem } from "../../protocol/problem.ts";
import { ProblemDetails } from "../../protocol/problem-details.ts";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  json(): unknown;
  /** The answer as the problem that it is; throws when it is none. */
  problem(): ProblemDetails;
}

export interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON with its content type. */
  readonly json?: unknown;
  /** Sent as it is; in several chunks where it is a list. */
  readonly body?: string | Buffer | readonly Buffer[];
}

/** HTTP over a Unix socket as any client would speak it. */
export interface Http extends Disposable {
  ask(method: string, path: string, sent?: Sent): Promise<Answer>;
  /** The answer's head; its body is for the caller to read. */
  open(method: string, path: string, sent?: Sent): Promise<IncomingMessage>;
  /** Sends bytes just as they are and gives back everything up to the end of the connection. */
  raw(bytes: Buffer | string): Promise<string>;
}

export function createHttp(socketPath: string, maxSockets = 64): Http {
  const agent = new Agent({ keepAlive: true, maxSockets });
  const open = (method: string, path: string, sent: Sent = {}): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const body = sent.json === undefined ? sent.body : JSON.stringify(sent.json);
      const type = sent.json === undefined ? {} : { "content-type": "application/json" };
      const headers = { host: "hostrun", ...type, ...sent.headers };
      const outgoing = request({ socketPath, method, path, agent, headers }, resolve);
      outgoing.on("error", reject);
      if (Array.isArray(body)) {
        for (const chunk of body) outgoing.write(chunk);
        outgoing.end();
      } else outgoing.end(body);
    });
  return {
    open,
    ask: async (method, path, sent) => readAnswer(await open(method, path, sent)),
    raw: (bytes) => exchangeRaw({ path: socketPath }, bytes),
    [Symbol.dispose]: () => agent.destroy(),
  };
}

/** Sends bytes just as they are and gives back everything up to the end of the connection. */
export function exchangeRaw(to: NetConnectOpts, bytes: Buffer | string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(to, () => socket.write(bytes));
    const chunks: Buffer[] = [];
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("error", reject);
    socket.on("close", () => resolve(Buffer.concat(chunks).toString()));
  });
}

export async function readAnswer(message: IncomingMessage): Promise<Answer> {
  const bytes = await readAll(message);
  const json = (): unknown => JSON.parse(bytes.toString());
  return {
    status: message.statusCode ?? 0,
    headers: message.headers,
    bytes,
    json,
    problem: () => {
      if (message.headers["content-type"] !== "application/problem+json") {
        throw new Error(`${String(message.statusCode)} is no problem: ${bytes.toString("utf8", 0, 500)}`);
      }
      return ProblemDetails.parse(json());
    },
  };
}

export async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The code of the problem that a call of the client was rejected with. */
export async function problemOf(call: Promise<unknown>): Promise<Problem> {
  const failure = await call.then(
    () => new Error("The call was answered"),
    (reason: unknown) => reason,
  );
  if (failure instanceof Problem) return failure;
  throw failure;
}
