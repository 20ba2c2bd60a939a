import { afterAll, expect, test } from "vitest";
import { openHostedDaemon } from "../support/hosted-daemon.ts";

await using stack = new AsyncDisposableStack();
const daemon = stack.use(await openHostedDaemon());
const owned = stack.move();
afterAll(() => owned.disposeAsync());
const { client } = daemon;

test("a terminal has the size that the run wants, by default 80 x 24", async () => {
  const sizeOf = async (options: object): Promise<string> => {
    const reading = await daemon.run("stty size", { pty: true, ...options });
    return reading.text().trim();
  };
  expect(await sizeOf({})).toBe("24 80");
  expect(await sizeOf({ cols: 101, rows: 33 })).toBe("33 101");
  expect(await sizeOf({ cols: 101 })).toBe("24 101");
});

test.each([
  ["before the command runs", undefined],
  ["while it runs", "ready"],
])("a size that comes %s is that of its terminal from then on", async (_when, awaited) => {
  const command = 'echo ready; until [ "$(stty size)" = "30 100" ]; do sleep 0.05; done; echo seen';
  // With its input ended OpenSSH's server passes no new size on.
  const body = { host: "web1", command, pty: true, useBash: true, stdinOpen: true };
  const run = await client.call("createRun", { body });
  const params = { run: run.id };
  const resize = () => client.call("resizeRun", { params, body: { cols: 100, rows: 30 } });
  if (awaited === undefined) await resize();
  let text = "";
  for await (const { event } of client.subscribe(run.id)) {
    if (event.type !== "output") continue;
    text += event.data;
    if (text.trim() === awaited) await resize();
  }
  expect(text.split(/\s*\n/)).toEqual(["ready", "seen", ""]);
  await expect(resize()).rejects.toMatchObject({ code: "conflict" });
});

test("what has no terminal has no size", async () => {
  const run = await client.call("createRun", { body: { host: "web1", command: "cat", stdinOpen: true } });
  const params = { run: run.id };
  const resizing = client.call("resizeRun", { params, body: { cols: 1, rows: 1 } });
  await expect(resizing).rejects.toMatchObject({ code: "conflict" });
  await client.call("runStdin", { params, body: { end: true } });
});
