import { expect, test } from "vitest";
import { WorkerInput } from "../../../../daemon/worker/worker-input.ts";

const mebibyte = 1024 * 1024;

function openInput() {
  const sent: string[] = [];
  let bytes = 0;
  const input = new WorkerInput((what, piece) => {
    sent.push(what);
    bytes += piece.length;
  });
  return { input, sent, bytes: () => bytes };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("no more is under way than a session's window, until the host has written some", async () => {
  const { input, sent, bytes } = openInput();
  expect(input.isBulk).toBe(false);
  input.end(Buffer.alloc(5 * mebibyte));
  expect([bytes(), input.isBulk]).toEqual([2 * mebibyte, true]);
  await turn();
  expect(sent).not.toContain("E");
  input.written(mebibyte);
  expect(bytes()).toBe(3 * mebibyte);
  // A host that claims more than it was sent gets no more at once.
  input.written(100 * mebibyte);
  expect(bytes()).toBe(5 * mebibyte);
  await turn();
  expect(sent.at(-1)).toBe("E");
  expect(sent.filter((what) => what === "E")).toHaveLength(1);
});

test("after its command has ended nothing is sent, and its writers are told", async () => {
  const { input, bytes } = openInput();
  const failed = new Promise((resolve) => {
    input.write(Buffer.alloc(5 * mebibyte), resolve);
  });
  input.destroy();
  expect(await failed).toMatchObject({ message: "The command has ended." });
  input.written(mebibyte);
  expect(bytes()).toBe(2 * mebibyte);
  expect([input.isBulk, input.writable]).toEqual([false, false]);
});
