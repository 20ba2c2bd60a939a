import { afterAll, expect, test } from "vitest";
import { openCli } from "../support/cli.ts";
import { containing } from "../support/matching.ts";

await using stack = new AsyncDisposableStack();
const cli = stack.use(await openCli());
const owned = stack.move();
afterAll(() => owned.disposeAsync());

test.each([
  [["config", "set", "channelsPerConnection", "11"], "channelsPerConnection: "],
  [["config", "set", "redisUrl", "redis://:***@127.0.0.1"], "redisUrl: "],
  [["config", "set", "defaultUser", ""], "VALUE is empty."],
  [["hosts", "show", ""], "NAME is empty."],
  [["snippets", "remove", ""], "NAME is empty."],
  [["targets", "a b"], "TARGET: must not contain blanks"],
  [["keys", "make", "a/b", "--no-passphrase"], "NAME: must be a plain file name"],
  [["keys", "make", "a", "--comment", "b\nc", "--no-passphrase"], "--comment: must be one line"],
])("%j is wrong usage, also where only the daemon knows", async (args, message) => {
  const { status, stderr } = await cli.run(args);
  expect([status, String(stderr)]).toEqual([2, containing(message)]);
});
