import { expect, test } from "vitest";
import { exitStatusOf } from "../../../client/exit-status.ts";
import type { CompleteEvent } from "../../../protocol/event.ts";

type Ending = Pick<CompleteEvent, "outcome" | "exitCode" | "signal">;

test.each<[Ending, number]>([
  [{ outcome: "exited", exitCode: 0, signal: null }, 0],
  [{ outcome: "exited", exitCode: 3, signal: null }, 3],
  [{ outcome: "exited", exitCode: null, signal: null }, 255],
  [{ outcome: "signaled", exitCode: null, signal: "TERM" }, 143],
  [{ outcome: "signaled", exitCode: null, signal: "RTMIN" }, 162],
  [{ outcome: "signaled", exitCode: null, signal: "RTMIN+3" }, 165],
  [{ outcome: "signaled", exitCode: null, signal: "RTMAX-2" }, 190],
  [{ outcome: "signaled", exitCode: null, signal: "SIG@openssh.com" }, 255],
  [{ outcome: "signaled", exitCode: null, signal: null }, 255],
  [{ outcome: "timedOut", exitCode: null, signal: null }, 124],
  [{ outcome: "cancelled", exitCode: 0, signal: null }, 130],
  [{ outcome: "failed", exitCode: null, signal: null }, 255],
  [{ outcome: "unknown", exitCode: null, signal: null }, 255],
])("%j is exit status %i", (ending, status) => {
  expect(exitStatusOf(ending)).toBe(status);
});
