import { expect, test } from "vitest";
import { Problem } from "../../../protocol/problem.ts";
import { collectGarbage } from "../../support/garbage.ts";

/** A problem that is created while a function holds something large, and a way to see whether it is still held. */
function problemInFunction(): { readonly problem: Problem; readonly held: WeakRef<object> } {
  const large = { bytes: new Uint8Array(1024) };
  const create = (): Problem => new Problem("connection_lost", `lost after ${large.bytes.length} bytes`);
  return { problem: create(), held: new WeakRef(large) };
}

test("a problem that is kept does not keep what the functions that it was created in refer to", async () => {
  const { problem, held } = problemInFunction();
  await collectGarbage();
  expect(held.deref()).toBeUndefined();
  expect(problem.stack).toContain("problemInFunction");
});

test("a problem that a process printed is read with all that it says", () => {
  const problem = new Problem("storage_full", "The disk is full.", { host: "web1", retryable: true });
  const read = Problem.fromJson(`${JSON.stringify(problem)}\n`);
  expect(read).toBeInstanceOf(Problem);
  expect(read?.toJSON()).toEqual(problem.toJSON());
});

test.each(["", "node:internal/modules: Error", '{"code":', "null", '{"code":"conflict"}'])(
  "%j is no problem",
  (text) => {
    expect(Problem.fromJson(text)).toBeUndefined();
  },
);
