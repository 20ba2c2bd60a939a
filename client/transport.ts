import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream";
import { Problem } from "../protocol/problem.ts";
import { errorCode } from "../state-directory/error-code.ts";
import { BackOff } from "./back-off.ts";

export interface Exchange {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A string is sent as it stands, a stream with back-pressure. */
  readonly body?: string | Readable | undefined;
  /** Whether it may be sent a second time when a kept connection turns out to be closed. */
  readonly repeatable: boolean;
}

/** How long a daemon may be busy with others before a client that could not even connect gives up. */
const crowdedMs = 30_000;

/**
 * HTTP over the daemon's socket. Connections are kept for repeatable requests, so that a warm one needs no
 * connect; a request that must not be sent twice gets a connection of its own, since a kept one may be closed
 * by the daemon at the very moment it is used.
 */
export class Transport implements Disposable {
  readonly #socket: string;
  readonly #token: string | undefined;
  readonly #kept = new Agent({ keepAlive: true, maxFreeSockets: 8, scheduling: "lifo" });

  /** `token` is needed on a Windows pipe; on a Unix socket the file's permissions say who may call. */
  constructor(socket: string, token?: string) {
    this.#socket = socket;
    this.#token = token;
  }

  /** The answer's head; its body is a stream. Rejects with `daemon_unreachable`, or with the signal's reason. */
  async send(exchange: Exchange, signal?: AbortSignal): Promise<IncomingMessage> {
    const crowd = new BackOff(crowdedMs);
    for (;;) {
      signal?.throwIfAborted();
      const sent = await this.#once(exchange, signal);
      if ("answer" in sent) return sent.answer;
      signal?.throwIfAborted();
      if (exchange.repeatable && sent.reused) continue;
      // Then nothing was sent. A stream has lost its beginning to the try.
      const crowded = errorCode(sent.failure) === "EAGAIN" && typeof exchange.body !== "object";
      if (!crowded || !(await crowd.next(signal))) throw unreachable(sent.failure, this.#socket);
    }
  }

  [Symbol.dispose](): void {
    this.#kept.destroy();
  }

  #once(
    exchange: Exchange,
    signal: AbortSignal | undefined,
  ): Promise<{ answer: IncomingMessage } | { failure: Error; reused: boolean }> {
    const authorization = this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` };
    const options = {
      socketPath: this.#socket,
      method: exchange.method,
      path: exchange.path,
      headers: { host: "hostrun", ...exchange.headers, ...authorization },
      agent: exchange.repeatable ? this.#kept : false,
      // Node otherwise looks whether the host is an IPv6 address, by an expression that takes 3 ms to compile.
      servername: "",
      ...(signal === undefined ? {} : { signal }),
    };
    return new Promise((resolve) => {
      const outgoing = request(options);
      outgoing.on("response", (answer) => resolve({ answer }));
      outgoing.on("error", (failure) => resolve({ failure, reused: outgoing.reusedSocket }));
      // A failure of the body's source shows as the request's own error.
      if (typeof exchange.body === "object") pipeline(exchange.body, outgoing, () => undefined);
      else outgoing.end(exchange.body);
    });
  }
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
