import { expect, test } from "vitest";
import { sendPastStop } from "../../../client/past-stop.ts";
import { Problem } from "../../../protocol/problem.ts";

const stopped = new Problem("daemon_stopped", "It is stopping.");
const gone = new Problem("daemon_unreachable", "It is gone.", { reason: "not_running" });
const full = new Problem("queue_full", "Too many wait.");

/** Fails in order, then answers. */
async function sentWith(...failures: readonly Problem[]) {
  const left = [...failures];
  let moves = 0;
  const send = (): Promise<string> => {
    const failure = left.shift();
    return failure === undefined ? Promise.resolve("taken") : Promise.reject(failure);
  };
  const moveOn = (): Promise<void> => {
    moves += 1;
    return Promise.resolve();
  };
  const answer = await sendPastStop(send, moveOn, undefined).catch((failure: unknown) => failure);
  return { answer, moves };
}

test("what a daemon refuses that is about to stop is sent to the next one, also where that one is gone already", async () => {
  expect(await sentWith()).toEqual({ answer: "taken", moves: 0 });
  expect(await sentWith(stopped)).toEqual({ answer: "taken", moves: 1 });
  expect(await sentWith(stopped, gone, stopped)).toEqual({ answer: "taken", moves: 3 });
  // One that has ended since it was found.
  expect(await sentWith(gone)).toEqual({ answer: "taken", moves: 1 });
  expect(await sentWith(gone, stopped, gone)).toEqual({ answer: "taken", moves: 3 });
});

test("every other failure is told as it is", async () => {
  expect(await sentWith(gone, gone)).toEqual({ answer: gone, moves: 1 });
  expect(await sentWith(gone, full)).toEqual({ answer: full, moves: 1 });
  expect(await sentWith(stopped, full)).toEqual({ answer: full, moves: 1 });
});

test("who gives up does not wait", async () => {
  const controller = new AbortController();
  const never = sendPastStop(
    () => Promise.reject(stopped),
    () => Promise.resolve(controller.abort(full)),
    controller.signal,
  );
  await expect(never).rejects.toHaveProperty("name", "AbortError");
});
