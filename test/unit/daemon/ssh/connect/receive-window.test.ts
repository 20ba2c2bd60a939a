import { Readable } from "node:stream";
import { beforeEach, expect, test, vi } from "vitest";
import { ReceiveWindow, WindowBudget } from "../../../../../daemon/ssh/connect/receive-window.ts";

const mebibyte = 1024 * 1024;
const packet = Buffer.alloc(32 * 1024);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
});

const aTurn = () => new Promise((resolve) => setImmediate(resolve));

/** A channel as ssh2 has it, whose server sends as much as it knows that it may. */
async function openChannel(budget = new WindowBudget(), reach = { extraBytes: 0, roundTripMs: 20 }) {
  let left = 2 * mebibyte;
  let allowed = left;
  let underWay = 0;
  let waiting = false;
  const widen = (bytes: number): boolean => {
    left += bytes;
    underWay += bytes;
    return true;
  };
  // As ssh2 tops up what was not taken at once.
  const read = (): void => {
    if (waiting && left <= mebibyte) widen(2 * mebibyte - left);
    waiting = false;
  };
  const open = (): Readable => new Readable({ read, highWaterMark: 2 * mebibyte });
  const channel = open();
  const window = new ReceiveWindow({ streams: [channel, open()], left: () => left, widen }, budget, reach);
  channel.on("data", () => undefined);
  await aTurn();
  let packetMs = 0;
  const send = (): void => {
    for (; allowed > 0; allowed -= packet.length) {
      vi.advanceTimersByTime(packetMs);
      left -= packet.length;
      if (!channel.push(packet)) waiting = true;
    }
  };
  const roundTrip = (ms: number): void => {
    vi.advanceTimersByTime(ms);
    allowed += underWay;
    underWay = 0;
    send();
  };
  return {
    channel,
    window,
    send,
    /** All that is underway arrives at the server, so long after. */
    roundTrip,
    /** The same where what comes is read so slowly, packet by packet. */
    slowRoundTrip: (ms: number, perPacketMs: number): void => {
      packetMs = perPacketMs;
      roundTrip(ms);
      packetMs = 0;
    },
    /** How much the server may send that knows of every top-up. */
    left: () => left,
  };
}

test("a server that has to wait for the window may send more ahead, up to a limit", async () => {
  const { window, send, roundTrip, left } = await openChannel();
  send();
  expect(window.extraBytes).toBe(0);
  for (let count = 0; count < 4; count += 1) roundTrip(20);
  expect(window.extraBytes).toBe(30 * mebibyte);
  roundTrip(20);
  expect(window.extraBytes).toBe(30 * mebibyte);
  expect(left()).toBe(32 * mebibyte);
});

test("once a server had to wait, the connection's further channels have its window with the first long output", async () => {
  const [budget, reach] = [new WindowBudget(), { extraBytes: 0, roundTripMs: 20 }];
  const first = await openChannel(budget, reach);
  first.send();
  for (let count = 0; count < 4; count += 1) first.roundTrip(20);
  first.channel.emit("close");

  const second = await openChannel(budget, reach);
  second.channel.push(Buffer.from("a line\n"));
  expect(second.window.extraBytes).toBe(0);
  second.send();
  expect([second.window.extraBytes, second.left()]).toEqual([30 * mebibyte, expect.any(Number)]);
  expect(second.left()).toBeGreaterThan(29 * mebibyte);
});

test("it may send four times what is read in a round trip, and no more", async () => {
  const { window, slowRoundTrip } = await openChannel();
  // A packet in a quarter of a millisecond, and so 80 in a round trip.
  for (let count = 0; count < 10; count += 1) slowRoundTrip(20, 0.25);
  expect(2 * mebibyte + window.extraBytes).toBe(4 * 80 * packet.length);
});

test("a server nearby that stops for as long as one that is far away, since it gets no processor, has a window of 2 MiB", async () => {
  const reach = { extraBytes: 0, roundTripMs: 1 };
  const { window, slowRoundTrip } = await openChannel(new WindowBudget(), reach);
  for (let count = 0; count < 10; count += 1) slowRoundTrip(20, 0.25);
  expect(window.extraBytes).toBe(0);
});

test("where a clock too coarse shows neither how fast it is read nor how far it is, it has a window of 2 MiB", async () => {
  const { window, send, roundTrip, left } = await openChannel(new WindowBudget(), {
    extraBytes: 0,
    roundTripMs: 0,
  });
  send();
  for (let count = 0; count < 4; count += 1) roundTrip(20);
  expect([window.extraBytes, left()]).toEqual([0, 2 * mebibyte]);
});

test("one that goes on at once has a window of 2 MiB", async () => {
  const { window, send, roundTrip, left } = await openChannel();
  send();
  for (let count = 0; count < 10; count += 1) roundTrip(1);
  expect([window.extraBytes, left()]).toEqual([0, 2 * mebibyte]);
});

test("one that has to wait since it is held is not far away", async () => {
  const { window, send, roundTrip, left } = await openChannel();
  send();
  roundTrip(1);
  for (let count = 0; count < 10; count += 1) {
    window.hold(true);
    roundTrip(20);
    await aTurn();
    window.hold(false);
    expect(left()).toBe(2 * mebibyte);
    roundTrip(20);
  }
  expect(window.extraBytes).toBe(0);
});

test("all of them together may send 64 MiB ahead, and who ends makes room", async () => {
  const budget = new WindowBudget();
  const open = async () => {
    const opened = await openChannel(budget);
    opened.send();
    for (let count = 0; count < 20; count += 1) opened.roundTrip(20);
    return opened;
  };
  const channels = await Promise.all(Array.from({ length: 10 }, open));
  const total = channels.reduce((sum, { window }) => sum + window.extraBytes, 0);
  expect(total).toBeLessThanOrEqual(64 * mebibyte);
  expect(Math.min(...channels.map(({ window }) => window.extraBytes))).toBeGreaterThan(0);
  for (const { channel } of channels) channel.emit("close");
  expect((await open()).window.extraBytes).toBe(30 * mebibyte);
});
