import { expect, test } from "vitest";
import { RequestBudget } from "../../../../../daemon/ssh/connect/request-budget.ts";

const [ignore, keyExchange, channelOpen, windowAdjust, data, close] = [2, 20, 90, 93, 94, 97];

function open() {
  let ms = 0;
  const budget = new RequestBudget(() => ms);
  const taken = (type: number, count: number, bytes = 20): number => {
    for (let number = 0; number < count; number += 1) if (!budget.take(type, bytes)) return number;
    return count;
  };
  return { budget, taken, pass: (time: number) => void (ms += time) };
}

test.each([ignore, channelOpen, 200])("messages of type %i are bounded at once and in a second", (type) => {
  const { taken, pass } = open();
  expect(taken(type, 20_000)).toBe(10_000);
  pass(1000);
  expect(taken(type, 20_000)).toBe(2999);
  pass(3_600_000);
  expect(taken(type, 20_000)).toBe(10_000);
});

test("long ones count by their length", () => {
  expect(open().taken(ignore, 20_000, 32_768)).toBe(312);
});

test("key exchanges are fewer", () => {
  const { taken, pass } = open();
  expect(taken(keyExchange, 20_000)).toBe(50);
  pass(1000);
  expect(taken(keyExchange, 20_000)).toBe(4);
});

test("what answers us, and a command's data, is free", () => {
  const { taken } = open();
  expect(taken(close, 100_000)).toBe(100_000);
  expect(taken(data, 100_000, 32_768)).toBe(100_000);
});

test("a server that changes its keys with every packet, or grants window with every KiB, may go on for ever", () => {
  const { budget, taken } = open();
  for (let count = 0; count < 10_000; count += 1) {
    expect([taken(keyExchange, 1), taken(data, 1, 32_768)]).toEqual([1, 1]);
  }
  for (let count = 0; count < 100_000; count += 1) {
    budget.earn(1024);
    expect(taken(windowAdjust, 1)).toBe(1);
  }
});
