import { expect, test } from "vitest";
import { Scope } from "../../../../daemon/core/scope.ts";

test("releases in reverse order, each before the next, and only once", async () => {
  const scope = new Scope();
  const order: string[] = [];
  scope.defer(() => void order.push("first"));
  scope.own({
    [Symbol.asyncDispose]: async () => {
      await new Promise(setImmediate);
      order.push("second");
    },
  });
  scope.own({ [Symbol.dispose]: () => void order.push("third") });
  await Promise.all([scope[Symbol.asyncDispose](), scope[Symbol.asyncDispose]()]);
  expect(order).toEqual(["third", "second", "first"]);
});

test("aborts its signal before anything goes", async () => {
  const scope = new Scope();
  let aborted = false;
  scope.defer(() => {
    aborted = scope.signal.aborted;
  });
  expect(scope.signal.aborted).toBe(false);
  await scope[Symbol.asyncDispose]();
  expect(aborted).toBe(true);
});

test("tries every release and tells all that failed", async () => {
  const scope = new Scope();
  const released: number[] = [];
  for (const number of [1, 2, 3]) {
    scope.defer(() => {
      released.push(number);
      if (number !== 2) throw new Error(`no ${number}`);
    });
  }
  const failure: unknown = await scope[Symbol.asyncDispose]().catch((reason: unknown) => reason);
  expect(released).toEqual([3, 2, 1]);
  expect(failure).toBeInstanceOf(AggregateError);
  expect(failure instanceof AggregateError ? failure.errors.map(String) : []).toEqual([
    "Error: no 3",
    "Error: no 1",
  ]);
});

test("what is given to it after its end goes at once", async () => {
  const scope = new Scope();
  await scope[Symbol.asyncDispose]();
  const gone = Promise.withResolvers<string>();
  scope.defer(() => gone.resolve("gone"));
  expect(await gone.promise).toBe("gone");
});
