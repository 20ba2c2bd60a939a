import { readFileSync } from "node:fs";
import { Client } from "ssh2";
import { expect, test } from "vitest";
import { canOpenAhead, isStrictKeyExchange, ping } from "../../../daemon/ssh/ssh2-internals.ts";

test("ssh2 is pinned to the version whose insides are known", () => {
  expect(readFileSync("package.json", "utf8")).toContain('"ssh2": "1.17.0"');
});

test("an ssh2 without the insides is told from one with them, and nothing throws", () => {
  const client = new Client();
  expect(canOpenAhead(client)).toBe(false);
  expect(isStrictKeyExchange(client)).toBe(false);
  expect(() => ping(client)).not.toThrow();
});
