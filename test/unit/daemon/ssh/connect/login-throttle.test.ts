import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { LoginThrottle } from "../../../../../daemon/ssh/connect/login-throttle.ts";

const never = new AbortController().signal;

/** An event loop that is late by as much as it is told to be; `look` is its next look at the time. */
function openLoop(lagMs: number) {
  const looks: (() => void)[] = [];
  return {
    lagMs,
    after(_ms: number, expired: () => void) {
      looks.push(expired);
      return () => undefined;
    },
    async look() {
      for (const expired of looks.splice(0)) expired();
      await nextTurn();
    },
  };
}

/** Everybody who enters; `inside` are those who have. */
async function enterAll(throttle: LoginThrottle, count: number) {
  const inside: { number: number; place: Disposable }[] = [];
  for (let number = 0; number < count; number += 1) {
    void throttle.enter(never).then((place) => inside.push({ number, place }));
  }
  await nextTurn();
  return inside;
}

test("an event loop that keeps up lets any number in", async () => {
  const inside = await enterAll(new LoginThrottle(openLoop(0)), 500);
  expect(inside.length).toBe(500);
});

test("a late one lets sixteen in, then one for each that leaves, in order", async () => {
  const inside = await enterAll(new LoginThrottle(openLoop(1000)), 20);
  expect(inside.length).toBe(16);
  inside[3]?.place[Symbol.dispose]();
  inside[5]?.place[Symbol.dispose]();
  await nextTurn();
  expect(inside.slice(16).map(({ number }) => number)).toEqual([16, 17]);
});

test("one begins at each look although none leaves, and several when the loop has caught up", async () => {
  const loop = openLoop(1000);
  const inside = await enterAll(new LoginThrottle(loop), 40);
  await loop.look();
  await loop.look();
  expect(inside.length).toBe(18);
  loop.lagMs = 0;
  await loop.look();
  expect(inside.length).toBe(26);
  await loop.look();
  await loop.look();
  expect(inside.length).toBe(40);
});

test("who gives up while waiting takes no place", async () => {
  const throttle = new LoginThrottle(openLoop(1000));
  const inside = await enterAll(throttle, 16);
  const controller = new AbortController();
  const given = throttle.enter(controller.signal);
  const next = throttle.enter(never);
  controller.abort(new Error("enough"));
  await expect(given).rejects.toThrow("enough");
  inside[0]?.place[Symbol.dispose]();
  await next;
});
