import { expect, test } from "vitest";
import { refuseLate } from "../../../../daemon/http/start-at-once.ts";

const own = { pid: 42, machineClock: () => 1000 };
const judge = (headers: Readonly<Record<string, string>>) => () => refuseLate((name) => headers[name], own);

test.each([
  [{}],
  [{ "hostrun-daemon": "42", "hostrun-begin-by": "1000" }],
  [{ "hostrun-daemon": "42" }],
  [{ "hostrun-begin-by": "1001" }],
])("a run is begun by the daemon that is meant, in time: %j", (headers) => {
  expect(judge(headers)).not.toThrow();
});

test.each([
  [
    { "hostrun-daemon": "41", "hostrun-begin-by": "1001" },
    "The run is meant for process 41 and was not started.",
  ],
  [{ "hostrun-daemon": "42", "hostrun-begin-by": "999" }, "The run came too late and was not started."],
])("any other is not: %j", (headers, detail) => {
  expect(judge(headers)).toThrow(detail);
  expect(judge(headers)).toThrow(
    expect.objectContaining({ code: "conflict", members: { reason: "not_begun" } }),
  );
});

test.each([{ "hostrun-daemon": "me" }, { "hostrun-begin-by": "-1" }])("%j is no number", (headers) => {
  expect(judge(headers)).toThrow(expect.objectContaining({ code: "invalid_request" }));
});
