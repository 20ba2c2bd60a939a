import type { Agent, IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream";
import { Problem } from "../protocol/problem.ts";
import { errorCode } from "../state-directory/error-code.ts";
import { BackOff } from "./back-off.ts";
import { requestOnce } from "./own-connection.ts";
import { type Reply, StreamBody } from "./reply.ts";

export interface OutgoingRequest {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Includes the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A string is sent as it is, a stream with back-pressure. */
  readonly body?: string | Readable | undefined;
  /**
   * Whether it may use a kept connection, and be sent again if the daemon closes that connection at the same moment.
   */
  readonly reusable: boolean;
}

/**
 * The daemon schedules waiting runs fairly between clients: everything started from one shell or editor is one client.
 */
const client = String(process.ppid);

/** How long a client that cannot connect retries while the daemon is busy with others. */
const crowdedMs = 30_000;

/**
 * HTTP over the daemon's socket. Connections are kept for short requests that can be repeated, so that they need no
 * connect; every other request gets its own connection.
 */
export class Transport implements Disposable {
  #socket: string;
  #token: string | undefined;
  readonly #reuses: boolean;
  #agent: Agent | undefined;

  /**
   * `token` is needed for a Windows pipe; for a Unix socket the file's permissions control access. `reuses` is for
   * programs that send several requests.
   */
  constructor(socket: string, token?: string, reuses = true) {
    this.#socket = socket;
    this.#token = token;
    this.#reuses = reuses;
  }

  /** A transport to the same daemon that keeps no connections. */
  withoutReuse(): Transport {
    return new Transport(this.#socket, this.#token, false);
  }

  /** Switches to the daemon of another transport. */
  moveTo(other: Transport): void {
    this.#socket = other.#socket;
    this.#token = other.#token;
  }

  /** Rejects with `daemon_unreachable`, or with the signal's reason. */
  async send(outgoing: OutgoingRequest, signal?: AbortSignal): Promise<Reply> {
    const crowd = new BackOff(crowdedMs);
    for (;;) {
      signal?.throwIfAborted();
      const sent = await this.#once(outgoing, signal);
      if ("body" in sent) return sent;
      signal?.throwIfAborted();
      if (outgoing.reusable && sent.reused) continue;
      // Nothing was sent. A stream, however, has lost its beginning to this attempt.
      const crowded = errorCode(sent.failure) === "EAGAIN" && typeof outgoing.body !== "object";
      if (!crowded || !(await crowd.next(signal))) throw unreachable(sent.failure, this.#socket);
    }
  }

  [Symbol.dispose](): void {
    this.#agent?.destroy();
  }

  async #once(
    { reusable, body, ...head }: OutgoingRequest,
    signal: AbortSignal | undefined,
  ): Promise<Reply | { failure: unknown; reused: boolean }> {
    const reuses = reusable && this.#reuses;
    const authorization = this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` };
    const headers = { host: "hostrun", "hostrun-client": client, ...head.headers, ...authorization };
    if (reuses || typeof body === "object")
      return this.#byNode({ ...head, headers, reusable: reuses, body }, signal);
    try {
      return await requestOnce(this.#socket, { ...head, headers, body }, signal);
    } catch (failure) {
      return { failure, reused: false };
    }
  }

  async #byNode(
    { reusable, body, ...head }: OutgoingRequest,
    signal: AbortSignal | undefined,
  ): Promise<Reply | { failure: Error; reused: boolean }> {
    const { Agent, request } = await import("node:http");
    this.#agent ??= new Agent({ keepAlive: true, maxFreeSockets: 8, scheduling: "lifo" });
    const agent = reusable ? this.#agent : false;
    // Otherwise Node checks whether the host is an IPv6 address, with a regular expression that takes 3 ms to compile.
    const target = { socketPath: this.#socket, servername: "" };
    const options = { ...head, ...target, agent, ...(signal === undefined ? {} : { signal }) };
    return new Promise((resolve) => {
      const outgoing = request(options);
      outgoing.on("response", (response) => resolve(replyOf(response)));
      outgoing.on("error", (failure) => resolve({ failure, reused: outgoing.reusedSocket }));
      // An error of the body's source is reported as the request's own error.
      if (typeof body === "object") pipeline(body, outgoing, () => undefined);
      else outgoing.end(body);
    });
  }
}

/** Node checks the length of the body against its head. */
function replyOf(response: IncomingMessage): Reply {
  return { status: response.statusCode ?? 0, length: undefined, body: new StreamBody(response) };
}

/** Why the daemon could not be reached, as the `reason` of a `daemon_unreachable`. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: "not_running",
  ECONNREFUSED: "not_running",
  EACCES: "not_allowed",
  EPERM: "not_allowed",
  EAGAIN: "crowded",
};

export function unreachable(failure: unknown, socket: string): Problem {
  const reason = reasons[errorCode(failure) ?? ""] ?? "cut";
  const what = {
    not_running: `No Hostrun daemon listens on ${socket}. Start it with \`hostrun start\`.`,
    not_allowed: `The socket ${socket} may not be used by this user. See who owns it, or set HOSTRUN_HOME.`,
    crowded: `Too many clients want to connect to the Hostrun daemon on ${socket} at once. Try again later.`,
    cut: `The Hostrun daemon on ${socket} closed the connection. See \`hostrun logs\`, then try again.`,
  }[reason];
  return new Problem("daemon_unreachable", what ?? "", { cause: failure, reason });
}
