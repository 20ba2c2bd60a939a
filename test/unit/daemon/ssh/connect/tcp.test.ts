import { expect, test } from "vitest";
import { interleave } from "../../../../../daemon/ssh/connect/tcp.ts";

const [v4, v6] = [
  (address: string) => ({ address, family: 4 }),
  (address: string) => ({ address, family: 6 }),
];

test("the families take turns, the system's first one first, and each address comes once", () => {
  expect(interleave([v6("a6"), v6("b6"), v6("c6"), v4("a4"), v4("b4")])).toEqual([
    "a6",
    "a4",
    "b6",
    "b4",
    "c6",
  ]);
  expect(interleave([v4("a4"), v4("b4"), v6("a6"), v4("a4")])).toEqual(["a4", "a6", "b4"]);
  expect(interleave([v4("only")])).toEqual(["only"]);
});
