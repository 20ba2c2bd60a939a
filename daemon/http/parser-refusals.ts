import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { Problem } from "../../protocol/problem.ts";
import { headersTooLarge } from "./caller.ts";
import { requestIdOf } from "../core/request-id.ts";
import { securityHeaders } from "./security-headers.ts";
import { errorCode } from "../../state-directory/error-code.ts";

/** Responds in the API's format where Node's parser rejects malformed or incomplete requests. */
export function respondToParserRefusals(server: Server): void {
  const responses = new WeakMap<Duplex, ServerResponse>();
  server.on("request", ({ socket }: IncomingMessage, response: ServerResponse) => {
    responses.set(socket, response);
  });
  server.on("clientError", (failure, socket) => {
    const current = responses.get(socket);
    const refuse = (): void => {
      const midway = current?.headersSent === true && !current.writableFinished;
      if (!socket.writable || midway) socket.destroy();
      else socket.end(responseOf(refusalFor(errorCode(failure))));
    };
    if (errorCode(failure) !== "ERR_HTTP_REQUEST_TIMEOUT") refuse();
    // After the event loop was blocked, Node checks the time limit before it reads data that has arrived, which may
    // complete the head.
    else setImmediate(() => responses.get(socket) === current && refuse());
  });
}

/**
 * Responds to a client that uses the daemon as a proxy, where Node would just close the connection. `refusal` returns
 * why the request is refused in any case.
 */
export function respondToConnect(
  server: Server,
  refusal: (request: IncomingMessage) => Problem | undefined,
): void {
  server.on("connect", (request, socket) => {
    const problem =
      refusal(request) ??
      new Problem("invalid_request", "CONNECT is not supported; this server is not a proxy.");
    socket.on("error", () => socket.destroy());
    socket.end(responseOf(problem), () => socket.destroy());
  });
}

function refusalFor(code: string | undefined): Problem {
  if (code === "HPE_HEADER_OVERFLOW") return headersTooLarge();
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return new Problem(
      "request_timeout",
      "The request headers were not received in time. Send the request again.",
    );
  }
  return new Problem("invalid_request", "Malformed HTTP/1.1 request (RFC 9112).", {
    reason: "not_http",
  });
}

function responseOf(problem: Problem): string {
  const body = JSON.stringify(problem);
  const { status, title } = problem.toJSON();
  const headers = {
    Connection: "close",
    "X-Request-Id": requestIdOf(undefined),
    ...securityHeaders,
    "Content-Type": "application/problem+json",
    "Content-Length": Buffer.byteLength(body),
    ...(problem.code === "unauthorized" && { "WWW-Authenticate": "Bearer" }),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${title}\r\n${lines.join("")}\r\n${body}`;
}
