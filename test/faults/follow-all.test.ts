import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, expect, test } from "vitest";
import type { RunEvent } from "../../protocol/event.ts";
import { builtCli, openCli } from "../support/cli.ts";
import { FaultCounts, times, untouched } from "../support/fault-counts.ts";
import { openHostedDaemon } from "../support/hosted-daemon.ts";
import { readAll } from "../support/http.ts";
import { openSshd } from "../support/sshd.ts";

const megabyte = 1_000_000;
const random = "openssl enc -aes-128-ctr -pass pass:x -nosalt 2>/dev/null </dev/zero";

await using starting = new AsyncDisposableStack();
const sshd = starting.use(await openSshd());
const cli = starting.use(await openCli(sshd));
const owned = starting.move();
afterAll(() => owned.disposeAsync());

/** What a line for bash prints, on this machine; of a pipeline every part counts. */
async function printed(line: string): Promise<string> {
  const env = { PATH: process.env["PATH"], HOME: cli.home, HOSTRUN_HOME: cli.stateDirectory };
  const stdio = ["ignore", "pipe", "inherit"] as const;
  const child = spawn("bash", ["-o", "pipefail", "-c", `${line}; echo $?`], { env, stdio: [...stdio] });
  let text = "";
  child.stdout?.on("data", (chunk) => {
    text += String(chunk);
  });
  await once(child, "close");
  return text;
}

test("what a command prints goes through a pipe whole, however much more than the record's limit it is", {
  timeout: times(120_000, 1_800_000),
}, async () => {
  const counts = new FaultCounts();
  const bytes = times(150, 1000) * megabyte;
  const source = `${random} | head -c ${bytes}`;
  const expected = (await printed(`(${source}) | sha256sum`)).replace(/\d+\n$/, "0\n");
  for (let run = 0; run < times(1, 10); run += 1) {
    const begun = performance.now();
    const seen = await printed(`${process.execPath} ${builtCli} run -n web1 -- '${source}' | sha256sum`);
    counts.runs += 1;
    if (seen !== expected) counts.wrongOutcomes += 1;
    console.log(`${bytes / megabyte} MB in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  }
  counts.print("hostrun run through | sha256sum, with the default limit", { "MB each": bytes / megabyte });
  expect(counts.broken).toEqual(untouched);
});

test("a reader who asks for all and takes nothing is sent away after half a minute, and the host goes on", async () => {
  await using daemon = await openHostedDaemon();
  const command = `head -c ${100 * megabyte} /dev/zero`;
  const json = { host: "web1", command, recordLimitBytes: 100_000 };
  const begun = performance.now();
  const stalled = await daemon.http.open("POST", "/api/ssh/stream?follow=all", { json });
  stalled.pause();
  const { items } = await daemon.client.call("listRuns", {});
  // Somebody else, who does not ask for all, sees the run to its end.
  const seen: RunEvent[] = [];
  for await (const { event } of daemon.client.subscribe(items[0]?.id ?? "")) seen.push(event);
  expect(performance.now() - begun).toBeGreaterThan(30_000);
  expect(seen.at(-1)).toMatchObject({ type: "complete", exitCode: 0, stdoutBytes: 100 * megabyte });
  // Cut off, with what was on its way.
  await expect(readAll(stalled)).rejects.toMatchObject({ code: "ECONNRESET" });
});
