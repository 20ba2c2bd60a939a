import { Socket } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ConnectionRace } from "../../../../../daemon/ssh/connect/connection-race.ts";
import { listAttempts } from "../../../../../daemon/ssh/failure.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const refused = () => Object.assign(new Error("refused"), { code: "ECONNREFUSED" });

/** A race to addresses that answer when the test says so. */
function begin(...addresses: string[]) {
  const sockets = new Map<string, Socket>();
  const told: string[] = [];
  const race = new ConnectionRace({
    addresses,
    connect: (address) => {
      const socket = new Socket();
      sockets.set(address, socket);
      return socket;
    },
    changed: (attempts) => void told.push(listAttempts(attempts)),
  });
  const result = race.run().then(
    (socket) => [...sockets].find(([, each]) => each === socket)?.[0],
    () => "none",
  );
  const closed = () => [...sockets].filter(([, { destroyed }]) => destroyed).map(([address]) => address);
  return {
    race,
    told,
    result,
    closed,
    tried: () => [...sockets.keys()],
    answer: (address: string) => sockets.get(address)?.emit("connect"),
    fail: (address: string) => sockets.get(address)?.emit("error", refused()),
  };
}

test("one begins every 250 ms, and the first may still answer when all have begun", async () => {
  const { tried, closed, answer, result } = begin("a", "b", "c");
  expect(tried()).toEqual(["a"]);
  vi.advanceTimersByTime(249);
  expect(tried()).toEqual(["a"]);
  vi.advanceTimersByTime(1);
  expect(tried()).toEqual(["a", "b"]);
  vi.advanceTimersByTime(250);
  expect(tried()).toEqual(["a", "b", "c"]);
  vi.advanceTimersByTime(600_000);
  expect(closed()).toEqual([]);
  answer("a");
  expect(await result).toBe("a");
  expect(closed()).toEqual(["b", "c"]);
});

test("the next begins at once when one fails, and no more begin when one has answered", async () => {
  const { tried, closed, answer, fail, result } = begin("a", "b", "c", "d");
  vi.advanceTimersByTime(100);
  fail("a");
  expect(tried()).toEqual(["a", "b"]);
  vi.advanceTimersByTime(249);
  expect(tried()).toEqual(["a", "b"]);
  vi.advanceTimersByTime(1);
  expect(tried()).toEqual(["a", "b", "c"]);
  answer("c");
  expect(await result).toBe("c");
  vi.advanceTimersByTime(1000);
  expect([tried(), closed()]).toEqual([["a", "b", "c"], ["b"]]);
});

test("two that answer at once are one connection", async () => {
  const { closed, answer, result } = begin("a", "b");
  vi.advanceTimersByTime(250);
  answer("b");
  answer("a");
  expect(await result).toBe("b");
  expect(closed()).toEqual(["a"]);
});

test("it is lost when the last one fails, and each is told with its cause", async () => {
  const { told, fail, result } = begin("a", "b");
  vi.advanceTimersByTime(250);
  fail("b");
  fail("a");
  expect(await result).toBe("none");
  expect(told).toEqual([
    "a (no answer yet)",
    "a (no answer yet), b (no answer yet)",
    "a (no answer yet), b (refused)",
    "a (refused), b (refused)",
  ]);
});

test("when it is given up all are closed and no more begin", () => {
  const { race, tried, closed, fail } = begin("a", "b", "c");
  vi.advanceTimersByTime(250);
  race.giveUp();
  fail("a");
  vi.advanceTimersByTime(1000);
  expect([tried(), closed()]).toEqual([
    ["a", "b"],
    ["a", "b"],
  ]);
});
