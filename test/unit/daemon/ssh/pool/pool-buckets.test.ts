import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { LoginHop, LoginTarget } from "../../../../../daemon/ssh/auth/credentials.ts";
import { bucketKey } from "../../../../../daemon/ssh/pool/pool-buckets.ts";
import { plainHopSettings } from "../../../../../daemon/transport/hop-settings.ts";

const keys = [Buffer.from("one"), Buffer.from("two")];

function hopOf(user: string, address: string, port: number): LoginHop {
  return {
    name: "any",
    user,
    address,
    port,
    identityFiles: [],
    identitiesOnly: false,
    settings: plainHopSettings,
    hostKeyPolicy: "ask",
    credentials: { attempts: [], agentSocket: null, openSshKeys: [], fault: undefined, notes: [] },
  };
}

/** Names of what stands between names where they are written one after the other. */
const text = fc.string({ unit: fc.constantFrom("a", "@", ":", " ", "[", "]", '"', ",", "2"), maxLength: 5 });
const anyKey = fc.constantFrom(...keys);
const attempt = fc.oneof(
  fc.record({ kind: fc.constant("agent" as const), socket: text, publicKey: anyKey, comment: text }),
  fc.record({
    kind: fc.constant("file" as const),
    path: text,
    publicKey: anyKey,
    encrypted: fc.constant(false),
  }),
);
const hop: fc.Arbitrary<LoginHop> = fc
  .tuple(text, text, fc.constantFrom(2, 22), fc.array(attempt, { maxLength: 3 }))
  .map(([user, address, port, attempts]) => ({
    ...hopOf(user, address, port),
    credentials: { attempts, agentSocket: null, openSshKeys: [], fault: undefined, notes: [] },
  }));
const target: fc.Arbitrary<LoginTarget> = fc
  .tuple(hop, fc.array(hop, { maxLength: 2 }))
  .map(([own, jump]) => ({ ...own, jump }));

/** What makes a login, without what only describes it. */
function essence({ jump, ...own }: LoginTarget): unknown {
  return [...jump, own].map(({ user, address, port, credentials }) => [
    user,
    address,
    port,
    credentials.attempts.map((each) => [each.kind === "agent" ? each.socket : null, each.publicKey]),
  ]);
}

test("two targets have one key only where they are logged in to alike", () => {
  fc.assert(
    fc.property(target, target, (one, other) => {
      const same = JSON.stringify(essence(one)) === JSON.stringify(essence(other));
      expect(bucketKey(one) === bucketKey(other)).toBe(same);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  [
    "a space",
    [["a@b:22 c", "d"]],
    [
      ["a", "b"],
      ["c", "d"],
    ],
  ],
  ["an at sign", [["a@b", "c"]], [["a", "b@c"]]],
  ["a colon", [["a", "b:22"]], [["a", "b"]]],
] as const)("%s in a name makes no two targets one", (_, one, other) => {
  const keyOf = (hops: readonly (readonly [string, string])[]): string => {
    const jump = hops.map(([user, address]) => hopOf(user, address, 22));
    return bucketKey({ ...hopOf("x", "y", 22), jump });
  };
  expect(keyOf(one)).not.toBe(keyOf(other));
});

test("neither the order of an agent's keys nor their comments are left out or counted in by mistake", () => {
  const keyOf = (...held: readonly [publicKey: Buffer, comment: string][]): string => {
    const attempts = held.map(([publicKey, comment]) => ({
      kind: "agent" as const,
      socket: "/agent",
      publicKey,
      comment,
    }));
    return bucketKey({
      ...hopOf("x", "y", 22),
      credentials: { attempts, agentSocket: null, openSshKeys: [], fault: undefined, notes: [] },
      jump: [],
    });
  };
  const [one, two] = [Buffer.from("one"), Buffer.from("two")];
  expect(keyOf([one, "a"], [two, "b"])).toBe(keyOf([one, "c"], [two, "d"]));
  // Of two keys that a host takes the first one logs in.
  expect(keyOf([one, "a"], [two, "b"])).not.toBe(keyOf([two, "b"], [one, "a"]));
});
