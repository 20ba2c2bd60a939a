import { createHash } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import { openDirectory } from "../support/directory.ts";
import { openHostedDaemon } from "../support/hosted-daemon.ts";
import { RunReading } from "../support/run-stream.ts";

const daemon = await openHostedDaemon();
afterAll(() => daemon[Symbol.asyncDispose]());

const mebibyte = 1024 * 1024;

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

test("64 MiB of random bytes on stdout and 16 MiB on stderr, at once, are the same everywhere", async () => {
  await using directory = await openDirectory();
  const [out, err] = [directory.join("out"), directory.join("err")];
  const made = await daemon.run(
    `head -c ${64 * mebibyte} /dev/urandom > ${out}; head -c ${16 * mebibyte} /dev/urandom > ${err}; sha256sum ${out} ${err}`,
  );
  const [stdout, stderr] = made
    .text()
    .split("\n")
    .map((line) => line.slice(0, 64));

  const run = await daemon.run(`cat ${err} >&2 & cat ${out}; wait`, { recordLimitBytes: 100 * mebibyte });

  expect(run.complete).toMatchObject({
    outcome: "exited",
    exitCode: 0,
    stdoutBytes: 64 * mebibyte,
    stderrBytes: 16 * mebibyte,
    truncatedBytes: 0,
    sha256: { stdout, stderr },
  });
  expect(sha256(run.bytes("stdout"))).toBe(stdout);
  expect(sha256(run.bytes("stderr"))).toBe(stderr);

  for (const [stream, expected] of Object.entries({ stdout, stderr })) {
    const { status, headers, bytes } = await daemon.http.ask("GET", output(run.id, stream));
    expect(status).toBe(200);
    expect(headers["content-type"]).toBe("application/octet-stream");
    expect(headers["content-length"]).toBe(String(bytes.length));
    expect(sha256(bytes)).toBe(expected);
  }
  const both = await daemon.http.ask("GET", output(run.id, "both"));
  expect(both.bytes.length).toBe(80 * mebibyte);

  const whole = run.bytes("stdout");
  for (const [from, to] of [
    [0, 1],
    [65_535, 65_537],
    [12_345_678, 23_456_789],
    [64 * mebibyte - 1, 64 * mebibyte],
  ] as const) {
    const part = await daemon.http.ask("GET", output(run.id, "stdout"), {
      headers: { range: `bytes=${from}-${to - 1}` },
    });
    expect(part.status).toBe(206);
    expect(part.headers["content-range"]).toBe(`bytes ${from}-${to - 1}/${whole.length}`);
    expect(part.bytes.equals(whole.subarray(from, to))).toBe(true);
  }
});

test.each([
  ["bytes=3-", 206, "3456789", "bytes 3-9/10"],
  ["bytes=-4", 206, "6789", "bytes 6-9/10"],
  ["bytes=-40", 206, "0123456789", "bytes 0-9/10"],
  ["bytes=8-40", 206, "89", "bytes 8-9/10"],
  ["bytes=0-2,4-6", 200, "0123456789", undefined],
  ["bytes=5-2", 200, "0123456789", undefined],
  ["lines=1-2", 200, "0123456789", undefined],
])("Range %s", async (range, status, text, contentRange) => {
  const run = await daemon.run("printf 0123456789");
  const answer = await daemon.http.ask("GET", output(run.id, "stdout"), { headers: { range } });
  expect(answer.status).toBe(status);
  expect(answer.bytes.toString()).toBe(text);
  expect(answer.headers["content-range"]).toBe(contentRange);
});

test("a part is sent only of the bytes that the client has the other part of", async () => {
  const run = await daemon.run("printf 0123456789");
  const headers = { range: "bytes=3-", "if-range": '"another"' };
  const answer = await daemon.http.ask("GET", output(run.id, "stdout"), { headers });
  expect([answer.status, answer.bytes.toString()]).toEqual([200, "0123456789"]);
});

test.each(["bytes=10-", "bytes=11-12", "bytes=-0"])("Range %s is outside of ten bytes", async (range) => {
  const run = await daemon.run("printf 0123456789");
  const answer = await daemon.http.ask("GET", output(run.id, "stdout"), { headers: { range } });
  expect(answer.problem()).toMatchObject({ status: 416, code: "range_not_satisfiable" });
  expect(answer.headers["content-range"]).toBe("bytes */10");
});

test("beyond recordLimitBytes the middle goes: counted, announced, and in the hash", async () => {
  const letters = "head -c 1000 /dev/zero | tr '\\0'";
  const command = `${letters} a; sleep 0.2; ${letters} b; sleep 0.2; ${letters} c; sleep 0.2; ${letters} d`;
  const run = await daemon.run(command, { recordLimitBytes: 2000 });
  const whole = ["a", "b", "c", "d"].map((letter) => letter.repeat(1000)).join("");
  // Who reads along has seen it all.
  expect(run.text()).toBe(whole);
  expect(run.of("gap")).toEqual([]);
  const { truncatedBytes } = run.complete;
  expect(truncatedBytes).toBeGreaterThanOrEqual(2000);
  expect(truncatedBytes).toBeLessThanOrEqual(2125);
  expect(run.complete).toMatchObject({ stdoutBytes: 4000, sha256: { stdout: sha256(Buffer.from(whole)) } });

  const replayed = await new RunReading().follow(await daemon.http.open("GET", `/api/runs/${run.id}/events`));
  const kept = whole.slice(0, 1000) + whole.slice(1000 + truncatedBytes);
  expect(replayed.text()).toBe(kept);
  expect(replayed.of("gap")).toMatchObject([{ stream: "stdout", from: 1000, to: 1000 + truncatedBytes }]);
  expect(replayed.complete).toEqual(run.complete);
  const bytes = await daemon.http.ask("GET", output(run.id, "stdout"));
  expect(bytes.bytes.toString()).toBe(kept);
  const stored = await daemon.client.call("getRun", { params: { run: run.id } });
  expect(stored).toMatchObject({ stdoutBytes: 4000, truncatedBytes });
  const events = [];
  for await (const { event } of daemon.client.subscribe(run.id)) events.push(event);
  expect(events).toEqual(replayed.events);
});

function output(run: string, stream: string): string {
  return `/api/runs/${run}/output?stream=${stream}`;
}
