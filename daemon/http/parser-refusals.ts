import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { Problem } from "../../protocol/problem.ts";
import { requestIdOf } from "../core/request-id.ts";
import { securityHeaders } from "./security-headers.ts";
import { errorCode } from "../../state-directory/error-code.ts";

/** Says in the API's own way what Node's parser says of bytes that are no request, or one that never ends. */
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
    // After a busy time the clock is looked at before what arrived meanwhile is read, which may be the head.
    else setImmediate(() => responses.get(socket) === current && refuse());
  });
}

/**
 * A client that takes this for a proxy is told that it is none, which Node would not do. `refusal` is why the request is not
 * served anyhow.
 */
export function respondToConnect(
  server: Server,
  refusal: (request: IncomingMessage) => Problem | undefined,
): void {
  server.on("connect", (request, socket) => {
    const told =
      refusal(request) ??
      new Problem("invalid_request", "CONNECT is not supported; this server is not a proxy.");
    socket.on("error", () => socket.destroy());
    socket.end(responseOf(told), () => socket.destroy());
  });
}

function refusalFor(code: string | undefined): Problem {
  if (code === "HPE_HEADER_OVERFLOW")
    return new Problem("headers_too_large", "The request headers are larger than 16 KiB.");
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
