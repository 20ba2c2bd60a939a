import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { exportedRuns } from "../../../client/exported-runs.ts";
import type { Run } from "../../../protocol/run.ts";
import { endedRun } from "../../support/stored-run.ts";

/** As JSON, and which outputs were asked for. */
async function exported(run: Run, stdout: Buffer, stderr: Buffer): Promise<[unknown, string[]]> {
  const asked: string[] = [];
  const openOutput = (_: string, stream: "stdout" | "stderr" | "both"): Promise<Readable> => {
    asked.push(stream);
    // In pieces that cut characters.
    const bytes = stream === "stdout" ? stdout : stderr;
    const half = Math.floor(bytes.length / 2);
    return Promise.resolve(Readable.from([bytes.subarray(0, half), bytes.subarray(half)]));
  };
  let text = "";
  for await (const piece of exportedRuns({ openOutput }, [run], "json")) text += piece.toString();
  return [JSON.parse(text), asked];
}

const run = (more: Partial<Run>): Run => ({ ...endedRun("true", "web1"), ...more });

test.each<[string, Partial<Run>, string[]]>([
  ["without output nothing is asked for", { stdoutBytes: 0, stderrBytes: 0 }, []],
  ["a short output is asked for once", { stdoutBytes: 3, stderrBytes: 0 }, ["stdout"]],
  ["a long output is looked through before", { stdoutBytes: 1 << 21, stderrBytes: 0 }, ["stdout", "stdout"]],
  [
    "a run that goes on may have more by now",
    { state: "running", stdoutBytes: 0, stderrBytes: 0 },
    ["stdout", "stdout", "stderr", "stderr"],
  ],
])("%s", async (_, more, asked) => {
  const stdout = more.stdoutBytes === 0 && more.state === undefined ? "" : "äö";
  const [runs, requests] = await exported(run(more), Buffer.from(stdout), Buffer.alloc(0));
  expect(runs).toMatchObject([{ stdout, stderr: "" }]);
  expect(requests).toEqual(asked);
});

test("what is no text is in base64, whether it is held or not", async () => {
  const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x80]);
  for (const stdoutBytes of [4, 1 << 21]) {
    const [runs] = await exported(run({ stdoutBytes, stderrBytes: 2 }), bytes, Buffer.from("ok"));
    expect(runs).toMatchObject([
      { stdout: bytes.toString("base64"), stdoutEncoding: "base64", stderr: "ok" },
    ]);
    expect(runs).not.toMatchObject([{ stderrEncoding: "base64" }]);
  }
});
