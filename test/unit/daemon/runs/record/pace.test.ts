import { expect, onTestFinished, test, vi } from "vitest";
import { type Numbered, Transcript } from "../../../../../daemon/core/transcript.ts";
import { Pace } from "../../../../../daemon/runs/record/pace.ts";

const kibibyte = 1024;
const piece = 64 * kibibyte;

/** A run whose host sends as it is told to. */
function openRun({
  timeoutMs,
  whole = true,
  extraBytes = 0,
}: {
  timeoutMs?: number;
  whole?: boolean;
  extraBytes?: number;
} = {}) {
  const transcript = new Transcript<Numbered>(0);
  const pace = new Pace(transcript, () => whole, timeoutMs);
  const held: boolean[] = [];
  pace.drive({ hold: (hold) => held.push(hold), extraBytes: () => extraBytes });
  return {
    transcript,
    pace,
    /** What the host was told, in order. */
    held,
    empty: () => {
      let empty = false;
      pace.whenEmpty(() => {
        empty = true;
      });
      return empty;
    },
    send: (pieces: number): void => {
      for (let count = 0; count < pieces; count += 1) {
        transcript.append([{ seq: transcript.lastSeq + 1, size: piece }]);
      }
    },
  };
}

test("a reader who asks for every byte holds the host while it is a mebibyte behind, until it is half of that", () => {
  const { pace, held, send } = openRun();
  const reader = pace.join(0);
  send(16);
  expect(held).toEqual([]);
  send(1);
  expect(held).toEqual([true]);
  reader.taken(8);
  expect(held).toEqual([true]);
  reader.taken(9);
  expect(held).toEqual([true, false]);
});

test("without such a reader the host is never held", () => {
  const { held, send } = openRun();
  send(1000);
  expect(held).toEqual([]);
});

test("the slowest reader counts, and what it has not read is kept", () => {
  const { transcript, pace, held, send } = openRun();
  const [slow, quick] = [pace.join(0), pace.join(0)];
  send(40);
  quick.taken(40);
  expect(held).toEqual([true]);
  expect(transcript.after(0, 1)).toHaveLength(1);
  slow.taken(40);
  expect(held).toEqual([true, false]);
});

test("a reader who leaves for good lets the host go on, and costs no memory any more", () => {
  const { transcript, pace, held, send } = openRun();
  const reader = pace.join(0);
  send(40);
  reader.leave();
  expect(held).toEqual([true, false]);
  send(1);
  expect(transcript.after(0, 1)).toBeUndefined();
});

test("one that was cut off keeps its place for as long as a reader may take nothing", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { pace, held, send } = openRun({ timeoutMs: 1000 });
  const reader = pace.join(0);
  expect(reader.timeoutMs).toBe(1000);
  send(40);
  reader.leave(40);
  vi.advanceTimersByTime(999);
  expect(held).toEqual([true]);
  vi.advanceTimersByTime(1);
  expect(held).toEqual([true, false]);
});

test("one that comes back takes its place, with all that it may have lost on the way", () => {
  const { transcript, pace, held, empty, send } = openRun();
  const reader = pace.join(0);
  send(40);
  reader.taken(30);
  const other = pace.join(0);
  other.taken(36);
  other.leave(40);
  reader.leave(34);
  // A mebibyte of what it took is kept.
  expect(transcript.after(15, 1)).toHaveLength(1);
  // It may have got more than could be seen here.
  const again = pace.join(33);
  again.taken(40);
  expect(held).toEqual([true, false]);
  again.leave();
  expect(empty()).toBe(false);
  pace.join(35).leave();
  expect(empty()).toBe(true);
});

test("one that comes back before it is seen to have left is not waited for", () => {
  const { pace, held, empty, send } = openRun();
  const reader = pace.join(0);
  send(10);
  const again = pace.join(7);
  reader.leave(8);
  send(20);
  again.taken(30);
  expect(held).toEqual([true, false]);
  // Once only: the next time it is waited for.
  again.leave(30);
  expect(empty()).toBe(false);
});

test.each([
  { whole: true, waited: "is not waited for where all is recorded" },
  { whole: false, waited: "is waited for where the record has lost something" },
])("of a run that has ended, one that may not have got all of it $waited", ({ whole }) => {
  const { transcript, pace, empty } = openRun({ whole });
  const reader = pace.join(0);
  transcript.append([{ seq: 1, size: piece }], true);
  reader.taken(1);
  reader.leave(1);
  expect(empty()).toBe(whole);
});

test("a reader who begins at the start takes nobody's place", () => {
  const { pace, held, send } = openRun();
  const cut = pace.join(0);
  send(2);
  cut.leave(2);
  pace.join(0).leave();
  send(40);
  expect(held).toEqual([true]);
});

test("a reader who is behind all that is in memory holds the host until it has caught up", () => {
  const { pace, held, send } = openRun();
  send(100);
  const late = pace.join(0);
  expect(held).toEqual([true]);
  late.taken(70);
  expect(held).toEqual([true]);
  late.taken(95);
  expect(held).toEqual([true, false]);
});

test("a host that is to end is held no more, and memory stays bounded all the same", () => {
  const { transcript, pace, held, send } = openRun();
  pace.join(0);
  send(40);
  pace.end();
  expect(held).toEqual([true, false]);
  send(80);
  expect(transcript.after(0, 1)).toHaveLength(1);
  send(40);
  expect(held).toEqual([true, false]);
  expect(transcript.after(0, 1)).toBeUndefined();
});

test("what a host may send ahead is kept, too", () => {
  const { transcript, pace, send } = openRun({ extraBytes: 2 * 1024 * kibibyte });
  pace.join(0);
  send(8 * 16 + 2 * 16);
  expect(transcript.after(0, 1)).toHaveLength(1);
  send(2);
  expect(transcript.after(0, 1)).toBeUndefined();
});

test("what comes to be held later, as the next session of a durable run, is held from its beginning", () => {
  const { pace, send } = openRun();
  pace.join(0);
  send(40);
  const held: boolean[] = [];
  pace.drive({ hold: (hold) => held.push(hold), extraBytes: () => 0 });
  expect(held).toEqual([true]);
});
