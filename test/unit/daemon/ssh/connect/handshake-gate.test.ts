import { expect, test } from "vitest";
import { HandshakeGate } from "../../../../../daemon/ssh/connect/handshake-gate.ts";

const never = new AbortController().signal;

test("eight go in at once, the others in order as places come free", async () => {
  const gate = new HandshakeGate();
  const inside = await Promise.all(Array.from({ length: 8 }, () => gate.enter("host", never)));
  const order: number[] = [];
  const waiting = [1, 2, 3].map(async (number) => {
    const place = await gate.enter("host", never);
    order.push(number);
    return place;
  });
  await gate.enter("another host", never);
  expect(order).toEqual([]);
  for (const place of inside.slice(0, 3)) {
    place[Symbol.dispose]();
    place[Symbol.dispose]();
  }
  await Promise.all(waiting);
  expect(order).toEqual([1, 2, 3]);
});

test("who gives up while waiting takes no place", async () => {
  const gate = new HandshakeGate();
  const inside = await Promise.all(Array.from({ length: 8 }, () => gate.enter("host", never)));
  const controller = new AbortController();
  const given = gate.enter("host", controller.signal);
  const next = gate.enter("host", never);
  controller.abort(new Error("enough"));
  await expect(given).rejects.toThrow("enough");
  inside[0]?.[Symbol.dispose]();
  (await next)[Symbol.dispose]();
});
