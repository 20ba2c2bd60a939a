import { expect, test } from "vitest";
import { runLogText } from "../../../extension/runs/run-log-text.ts";
import { Problem } from "../../../protocol/problem.ts";
import { endedRun } from "../../support/stored-run.ts";

const at = "2026-11-26T03:00:00.000Z";

test("the log of a run names it, its command and what went wrong, and holds no output", () => {
  const problem = new Problem("host_unreachable", "gone refused the connection.", {
    hop: "me@gone:9",
  }).toJSON();
  const run = { ...endedRun("echo one\necho two", "gone"), problem };
  const log = runLogText(run);
  const base = { runId: run.id, timestamp: at };
  log.add({ type: "init", ...base, run });
  log.add({ type: "status", ...base, state: "connecting", message: "Connecting to gone" });
  const output = { type: "output", ...base, stream: "stdout", bytes: Buffer.from("secret") } as const;
  log.add(output);
  log.add(output);
  log.add({ type: "error", ...base, problem });
  const text = log.text();
  expect(text).toContain(`Run ${run.id} on gone`);
  expect(text).toContain("Command:  echo one\n          echo two\n");
  expect(text).toContain(`${at}  connecting: Connecting to gone\n`);
  expect(text.match(/First output on stdout/g)).toHaveLength(1);
  expect(text).toContain("host_unreachable: gone refused the connection.");
  expect(text).toContain("hop: me@gone:9");
  expect(text).not.toContain("secret");
  expect(text).not.toContain("there is more");
  log.cut();
  expect(log.text()).toContain("there is more");
});
