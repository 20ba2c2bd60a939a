import { expect, test } from "vitest";
import { connectionReason } from "../../../../daemon/cache/connection-reason.ts";

const plain = { kind: "server", options: {} } as const;
const secure = { kind: "server", options: { tls: {} } } as const;
const failure = (code: string, more: object = {}): Error =>
  Object.assign(new Error(`text ${code}`), { code, ...more });

test.each([
  ["ETIMEDOUT", "does not answer", "does not answer; if it has no TLS, redisUrl begins with redis"],
  ["EHOSTUNREACH", "cannot be reached from here", "cannot be reached from here"],
  ["EAI_AGAIN", "has no address at present: names cannot be looked up", undefined],
  [
    "ECONNRESET",
    "closed the connection; if it requires TLS, redisUrl begins with rediss",
    "closed the connection; if it has no TLS, redisUrl begins with redis",
  ],
])("%s", (code, without, withTls = without) => {
  expect(connectionReason(failure(code), plain, false)).toBe(without);
  expect(connectionReason(failure(code), secure, false)).toBe(withTls);
});

test("a server that wants a certificate of its clients", () => {
  const wanted = failure("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", {
    reason: "tlsv13 alert certificate required",
  });
  expect(connectionReason(wanted, secure, false)).toBe(
    "does not agree on TLS: tlsv13 alert certificate required",
  );
});

test("a certificate of another host, without what Node says to those who start it", () => {
  const error = failure("ERR_TLS_CERT_ALTNAME_INVALID");
  error.message = "Hostname/IP does not match certificate's altnames; try this";
  expect(connectionReason(error, secure, false)).toBe(
    "has a certificate that is not accepted here: Hostname/IP does not match certificate's altnames",
  );
});

test("a login is asked for by what it is for", () => {
  const refusal = new Error("NOAUTH HELLO must be called with the client already authenticated");
  refusal.name = "ReplyError";
  const sentinel = { kind: "sentinel", options: {} } as const;
  expect(connectionReason(refusal, plain, false)).toBe("requires a password, which redisUrl does not have");
  expect(connectionReason(refusal, sentinel, false)).toBe(
    "requires a password for the sentinels (?sentinelPassword=), which redisUrl does not have",
  );
});
