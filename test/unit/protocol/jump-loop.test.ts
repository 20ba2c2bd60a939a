import { expect, test } from "vitest";
import { jumpLoop } from "../../../protocol/jump-loop.ts";

const saved: Readonly<Record<string, readonly string[]>> = {
  plain: [],
  through: ["plain"],
  back: ["me"],
  listed: ["plain", "back"],
  x: ["y"],
  y: ["x"],
};

test.each<[readonly string[], readonly string[] | undefined]>([
  [[], undefined],
  [["plain", "through"], undefined],
  [["me"], ["me", "me"]],
  [["root@me:2222"], ["me", "me"]],
  [
    ["plain", "me"],
    ["me", "me"],
  ],
  [["back"], ["me", "back", "me"]],
  // The way of the second one is the first one.
  [["listed"], undefined],
  // Of others, which no run could get out of either.
  [["x"], ["me", "x", "y", "x"]],
])("jump hosts %j", (jump, loop) => {
  expect(jumpLoop("me", jump, (host) => saved[host])).toEqual(loop);
});
