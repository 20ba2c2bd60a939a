import { expect, test } from "vitest";
import { Admission } from "../../../../daemon/runs/admission.ts";

test("lets in as many as may run, the others in the order they came", () => {
  const begun: string[] = [];
  const admission = new Admission(() => ({ active: 2, queued: 10 }));
  const leave = ["a", "b", "c", "d", "e"].map((name) => admission.enter(() => begun.push(name)));
  expect(begun).toEqual(["a", "b"]);
  leave[3]?.();
  leave[0]?.();
  expect(begun).toEqual(["a", "b", "c"]);
  leave[0]?.();
  leave[1]?.();
  leave[2]?.();
  expect(begun).toEqual(["a", "b", "c", "e"]);
});

test("is full when nobody more may run or wait", () => {
  let queued = 1;
  const admission = new Admission(() => ({ active: 1, queued }));
  admission.check();
  const leave = admission.enter(() => undefined);
  admission.check();
  const unqueue = admission.enter(() => undefined);
  expect(() => admission.check()).toThrow(expect.objectContaining({ code: "queue_full" }));
  queued = 2;
  admission.check();
  queued = 1;
  unqueue();
  admission.check();
  leave();
});

test("follows limits that grow", () => {
  let active = 1;
  const begun: number[] = [];
  const admission = new Admission(() => ({ active, queued: 10 }));
  const leave = [1, 2, 3].map((number) => admission.enter(() => begun.push(number)));
  active = 3;
  leave[0]?.();
  expect(begun).toEqual([1, 2, 3]);
});
