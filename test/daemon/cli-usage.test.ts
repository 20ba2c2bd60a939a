import { afterAll, expect, test } from "vitest";
import { openCli } from "../support/cli.ts";
import { containing } from "../support/matching.ts";

await using stack = new AsyncDisposableStack();
const cli = stack.use(await openCli());
const owned = stack.move();
afterAll(() => owned.disposeAsync());

/** Too long for anything that is named so. */
const long = "x".repeat(5000);

test.each([
  [["config", "set", "channelsPerConnection", "11"], "channelsPerConnection: "],
  [["config", "set", "redisUrl", "redis://:***@127.0.0.1"], "redisUrl: "],
  [["config", "set", "defaultUser", ""], "VALUE is empty."],
  [["hosts", "show", ""], "NAME is empty."],
  [["snippets", "remove", ""], "NAME is empty."],
  [["targets", "a b"], "TARGET: must not contain blanks"],
  [["keys", "make", "a/b", "--no-passphrase"], "NAME: must be a plain file name"],
  [["history", "--search", "LONG"], "--search: "],
  [["hosts", "list", "--search", "LONG"], "--search: "],
  [["hosts", "import", "--name", "a b"], "--name: must not contain"],
  [["snippets", "add", "LONG", "--", "true"], "NAME: "],
  [["snippets", "add", "a", "--description", "LONG", "--", "true"], "--description: "],
  [["snippets", "add", "a", "--input", "9 b:text", "--", "true"], "--input name: "],
  [["keys", "make", "a", "--comment", "b\nc", "--no-passphrase"], "--comment: must be one line"],
])("%j is wrong usage, also where only the daemon knows", async (args, message) => {
  const { status, stderr } = await cli.run(args.map((word) => (word === "LONG" ? long : word)));
  expect([status, String(stderr)]).toEqual([2, containing(message)]);
});
