import { expect, test } from "vitest";
import { Seal } from "../../../../daemon/cache/seal.ts";

const seal = new Seal({ value: "secret" });
const sealed = seal.sealed("key", "a: b");

test("a value is what was sealed under this key with this secret, and nothing else", () => {
  expect(seal.opened("key", sealed)).toBe("a: b");
  expect(seal.opened("other", sealed)).toBeUndefined();
  expect(new Seal({ value: "another" }).opened("key", sealed)).toBeUndefined();
  for (const forged of [
    "",
    ":",
    "a: b",
    ":a: b",
    `${sealed} `,
    sealed.replace("a", "b"),
    sealed.slice(1),
    sealed.slice(0, 43),
  ])
    expect(seal.opened("key", forged), forged).toBeUndefined();
});

test("no value can be moved into its key", () => {
  expect(seal.opened("key\na", seal.sealed("key", "a\nb").replace("a\n", ""))).toBeUndefined();
});
