import type { RedisServer } from "./redis-client.ts";

const noAnswer = "does not answer";
const unreachable = "cannot be reached from here";
const noTls = "does not answer with TLS, which rediss:// requires";
const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refuses connections; see whether Redis is running there",
  ENOTFOUND: "has no address: the name is not known here",
  EAI_AGAIN: "has no address at present: names cannot be looked up",
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: noTls,
};
const closing: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE"]);

interface ConnectionError extends Error {
  readonly code?: unknown;
  readonly reason?: unknown;
}

/**
 * What is wrong with a server that failed so, e.g. "refuses connections": by the error's code, or in Redis' own words.
 * `hasEnded`: it closed the connection.
 */
export function connectionReason(failure: ConnectionError, server: RedisServer, hasEnded: boolean): string {
  if (failure.name === "ReplyError") return refusal(failure.message, server);
  const code = String(failure.code);
  if (hasEnded || closing.has(code)) return `closed the connection; ${tlsHint(server)}`;
  const known = Object.hasOwn(reasons, code) ? reasons[code] : tlsReason(failure);
  if (known !== undefined) return known;
  return server.options.tls === undefined ? noAnswer : `${noAnswer}; ${tlsHint(server)}`;
}

function tlsReason({ code, reason = code, message }: ConnectionError): string | undefined {
  // OpenSSL's whole message is for those who develop it.
  if (String(code).startsWith("ERR_SSL_")) return `does not agree on TLS: ${String(reason)}`;
  if (!/CERT|SIGNATURE/.test(String(code))) return undefined;
  // What follows in Node's message is advice for its command line.
  return `has a certificate that is not accepted here: ${message.split(";", 1)[0]}`;
}

/** An error reply begins with a word for programs. */
function refusal(message: string, { kind }: RedisServer): string {
  const [word = ""] = message.split(" ", 1);
  if (word === "NOAUTH")
    return `requires a password${kind === "sentinel" ? " for the sentinels (?sentinelPassword=)" : ""}, which redisUrl does not have`;
  // The only command that such a server does not know is the one that asks what it is.
  if (word === "ERR" && kind === "sentinel") return "is not a sentinel";
  if (word === "ERR" && kind === "node") return "is not a node of a cluster";
  return `refuses: ${message}`;
}

function tlsHint({ kind, options: { tls } }: RedisServer): string {
  if (kind === "sentinel") return "sentinels are reached without TLS";
  return tls === undefined
    ? "if it requires TLS, redisUrl begins with rediss"
    : "if it has no TLS, redisUrl begins with redis";
}
