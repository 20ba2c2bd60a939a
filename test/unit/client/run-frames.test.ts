import * as fc from "fast-check";
import { expect, test } from "vitest";
import { runBytesEvents, startedBytesEvents } from "../../../client/run-events.ts";
import { subscribeFrames } from "../../../client/run-frames.ts";
import { Transport } from "../../../client/transport.ts";
import { createFrameEncoder } from "../../../daemon/http/frames.ts";
import type { StoredEvent } from "../../../daemon/runs/record/stored-event.ts";
import { framesType } from "../../../protocol/frames.ts";
import { openSocketServer } from "./socket-server.ts";

const runId = "0193a7b0-0000-7000-8000-000000000001";
const at = "2026-01-01T00:00:00.000Z";
const noiseLine = "bash: no job control in this shell\n";

/** A run that wrote noise between what it meant to, and whose record lost something. */
const record: readonly StoredEvent[] = [
  { seq: 1, at, kind: "control", fields: { type: "status", state: "running", message: "Running" } },
  output(2, "stderr", 0, noiseLine),
  output(3, "stderr", noiseLine.length, "one\n"),
  output(4, "stdout", 0, "\xff\0"),
  output(5, "stderr", noiseLine.length + 4, noiseLine),
  { seq: 6, at, kind: "gap", stream: "stdout", from: 2, to: 9 },
  output(7, "stderr", 2 * noiseLine.length + 4, "two\n"),
  output(8, "stdout", 9, "end"),
  {
    seq: 9,
    at,
    kind: "control",
    fields: {
      type: "complete",
      outcome: "exited",
      exitCode: 0,
      signal: null,
      stopConfirmed: null,
      durationMs: 1,
      stdoutBytes: 12,
      stderrBytes: 78,
      truncatedBytes: 7,
      sha256: { stdout: null, stderr: null },
    },
  },
];

function output(seq: number, stream: "stdout" | "stderr", offset: number, text: string): StoredEvent {
  const bytes = Buffer.from(text, "latin1");
  return { seq, at, kind: "output", stream, offset, noise: text === noiseLine, bytes };
}

/** Answers with the record's frames as they are asked for, and cuts answers at so many bytes; `keys` has those of what is started. */
function openServer(cuts: readonly number[], keys = new Set<unknown>()) {
  const left = [...cuts];
  return openSocketServer((request, response) => {
    if (request.method === "POST") keys.add(request.headers["idempotency-key"]);
    const query = new URL(request.url ?? "", "http://hostrun").searchParams;
    const after = Number(query.get("after")?.split(".")[1] ?? 0);
    const offsets = { stdout: Number(query.get("stdout")), stderr: Number(query.get("stderr")) };
    const view = { epoch: "e", runId, offsets, raw: query.get("raw") !== "0" };
    const encode = createFrameEncoder({ ...view, positions: query.get("positions") === "1" });
    const bytes = Buffer.concat(record.filter(({ seq }) => seq > after).flatMap((event) => encode(event)));
    const cut = left.shift();
    response.writeHead(200, { "content-type": framesType });
    if (cut === undefined || cut >= bytes.length) response.end(bytes);
    else response.write(bytes.subarray(0, cut), () => response.destroy());
  });
}

const someCuts = fc.array(fc.nat(700), { maxLength: 6 });

const ways = {
  followed: (transport: Transport) => runBytesEvents(transport, runId),
  started: (transport: Transport) =>
    startedBytesEvents(transport, { body: { host: "web1", command: "true" } }),
  "started again": (transport: Transport) => startedBytesEvents(transport, { rerun: runId, body: {} }),
};

test.each(Object.entries(ways))(
  "wherever a stream of frames is cut, every byte comes once, its time with it, and noise never: %s",
  async (_, read) => {
    await fc.assert(
      fc.asyncProperty(someCuts, async (cuts) => {
        const keys = new Set<unknown>();
        await using server = await openServer(cuts, keys);
        const text = { stdout: "", stderr: "" };
        const types: string[] = [];
        for await (const event of read(server.transport)) {
          expect(event.timestamp).toBe(at);
          if (event.type === "output") text[event.stream] += event.bytes.toString("latin1");
          else types.push(event.type);
        }
        expect(text).toEqual({ stdout: "\xff\0end", stderr: "one\ntwo\n" });
        expect(types).toEqual(["status", "gap", "complete"]);
        expect(keys.size).toBe(read === ways.followed ? 0 : 1);
      }),
      { numRuns: 40 },
    );
  },
);

test("starting a run fails at once where no daemon runs", async () => {
  using nowhere = new Transport("/nonexistent/socket");
  const failure = await ways
    .started(nowhere)
    .next()
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "daemon_unreachable", members: { reason: "not_running" } });
});

test("wherever a stream of output in pieces is cut, every byte comes once", async () => {
  await fc.assert(
    fc.asyncProperty(someCuts, async (cuts) => {
      await using server = await openServer(cuts);
      const text = { stdout: "", stderr: "" };
      for await (const frame of subscribeFrames(server.transport, runId))
        if ("bytes" in frame) text[frame.stream] += frame.bytes.toString("latin1");
      const stderr = `${noiseLine}one\n${noiseLine}two\n`;
      expect(text).toEqual({ stdout: "\xff\0end", stderr });
    }),
    { numRuns: 40 },
  );
});
