import { expect, test } from "vitest";
import { Admission } from "../../../../daemon/runs/admission.ts";

test("lets in as many as may run, the others in the order they came", () => {
  const begun: string[] = [];
  const admission = new Admission(() => ({ active: 2, queued: 10 }));
  const leave = ["a", "b", "c", "d", "e"].map((name) => admission.enter("", () => begun.push(name)));
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
  const leave = admission.enter("", () => undefined);
  admission.check();
  const unqueue = admission.enter("", () => undefined);
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
  const leave = [1, 2, 3].map((number) => admission.enter("", () => begun.push(number)));
  active = 2;
  expect(begun).toEqual([1]);
  admission.admit();
  expect(begun).toEqual([1, 2]);
  active = 3;
  leave[0]?.();
  expect(begun).toEqual([1, 2, 3]);
});

test("clients take turns: one run is not behind a thousand of another client", () => {
  const begun: string[] = [];
  const admission = new Admission(() => ({ active: 1, queued: 10_000 }));
  const enter = (client: string, name: string) => admission.enter(client, () => begun.push(name));
  const leave = new Map<string, () => void>();
  const names = Array.from({ length: 1000 }, (_, at) => `script ${at}`);
  for (const name of names) leave.set(name, enter("script", name));
  for (const name of ["person 0", "person 1"]) leave.set(name, enter("person", name));
  leave.set("other 0", enter("other", "other 0"));
  const finish = (name: string | undefined): void => leave.get(name ?? "")?.();
  for (let count = 0; count < 6; count += 1) finish(begun.at(-1));
  expect(begun).toEqual(["script 0", "script 1", "person 0", "other 0", "script 2", "person 1", "script 3"]);
  // A client that has nothing left has no turn, and one that comes back is not let in before the others.
  leave.set("person 2", enter("person", "person 2"));
  finish("person 2");
  for (let count = 0; count < 993; count += 1) finish(begun.at(-1));
  expect(begun.filter((name) => name.startsWith("script"))).toEqual(names.slice(0, 997));
});

test("who leaves the queue makes room for another", () => {
  const admission = new Admission(() => ({ active: 1, queued: 1 }));
  const begun: string[] = [];
  const leave = admission.enter("a", () => begun.push("a"));
  const unqueue = admission.enter("b", () => begun.push("b"));
  expect(() => admission.check()).toThrow(expect.objectContaining({ code: "queue_full" }));
  unqueue();
  unqueue();
  admission.check();
  admission.enter("c", () => begun.push("c"));
  leave();
  expect(begun).toEqual(["a", "c"]);
});
