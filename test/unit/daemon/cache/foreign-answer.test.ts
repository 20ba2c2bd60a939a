import { expect, test } from "vitest";
import { whyForeign } from "../../../../daemon/cache/foreign-answer.ts";

test.each([
  "+OK\r\n",
  "-NOAUTH Authentication required.\r\n",
  "$12\r\n",
  "$-1\r\n",
  "*",
  "%7\r\n",
  "=9\r\ntxt:",
])("%j may be Redis", (answer) => {
  expect(whyForeign(Buffer.from(answer))).toBeUndefined();
});

test.each([
  ["HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "HTTP/1.1 400 Bad Request"],
  ["SSH-2.0-OpenSSH_9.9\r\n", "SSH-2.0-OpenSSH_9.9"],
  ["* OK IMAP4rev1 ready\r\n", "* OK IMAP4rev1 ready"],
  ["\u0000\u001b[2J", "\\x00\\e[2J"],
  [`${"x".repeat(100)}\n`, `${"x".repeat(39)}…`],
])("%j is not Redis", (answer, shown) => {
  expect(whyForeign(Buffer.from(answer))).toBe(`is not Redis: its answer begins with "${shown}"`);
});
