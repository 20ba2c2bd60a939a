import { expect, test } from "vitest";
import { isFirstGreeting, markOf, type Stage, stageText } from "../../../../daemon/ssh/stage.ts";

const full = "accepts no more logins at once (MaxStartups)";

test.each<[Stage, string, string | undefined]>([
  [{ at: "turn" }, "waiting for its turn", undefined],
  [{ at: "handshakeTurn" }, "waiting for its turn to connect to web1", undefined],
  [{ at: "resolve" }, "connecting to web1", "resolve"],
  [{ at: "connect", attempts: "10.0.0.5" }, "connecting to web1 at 10.0.0.5", "connect"],
  [
    { at: "connect", attempts: "10.0.0.5", retryOf: "closed" },
    "connecting to web1 at 10.0.0.5 once more, since it closed the connection before its greeting",
    "connect",
  ],
  [{ at: "greeting" }, "waiting for the server's greeting", "connect"],
  [
    { at: "greeting", retryOf: "too_many_logins" },
    `connected to web1, and waiting for the server's greeting once more, since it ${full}`,
    "connect",
  ],
  [{ at: "keyExchange" }, "connected to web1, and exchanging keys", "hostKey"],
  [{ at: "authentication" }, "connected to web1, and logging in", "authentication"],
  [{ at: "agentSignature" }, "connected to web1, and waiting for the SSH agent to sign", undefined],
  [{ at: "retry", retryOf: "too_many_logins" }, `waiting to try again, since it ${full}`, undefined],
  [{ at: "reused" }, "connected to web1", "reused"],
  [{ at: "asking" }, "waiting for a person to answer", "asking"],
])("%j", (stage, text, mark) => {
  expect(stageText(stage, "web1")).toBe(text);
  expect(markOf(stage)).toBe(mark);
});

test("only the first greeting has a message of its own", () => {
  expect(isFirstGreeting({ at: "greeting" })).toBe(true);
  expect(isFirstGreeting({ at: "greeting", retryOf: "closed" })).toBe(false);
  expect(isFirstGreeting({ at: "keyExchange" })).toBe(false);
});
