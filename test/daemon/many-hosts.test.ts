import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openHostedDaemon } from "../support/hosted-daemon.ts";
import { RunReading, readMessages } from "../support/run-stream.ts";

test("while thousands of hosts are listed, a running command's stream goes on", async () => {
  await using daemon = await openHostedDaemon();
  const hosts = Array.from({ length: 20_000 }, (_, index) => [
    `Host web${index}`,
    `  HostName 10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
    "  User deploy",
    "",
  ]);
  await writeFile(join(daemon.home, ".ssh/config"), hosts.flat().join("\n"));
  const run = new RunReading();
  const messages = readMessages(await daemon.stream("while :; do echo .; sleep 0.002; done"));
  const seenOutput = () => run.until(messages, ({ type }) => type === "output");
  await seenOutput();
  const listed = new AbortController();
  const listing = daemon.http.ask("GET", "/api/hosts").finally(() => listed.abort());
  let events = 0;
  for (; !listed.signal.aborted; events += 1) await seenOutput();
  const { status, bytes } = await listing;
  expect(status).toBe(200);
  expect(bytes.toString()).toContain('"name":"web19999"');
  await daemon.client.call("cancelRun", { params: { run: run.id }, body: {} });
  // Done in one go, or in the five steps that it has, it lets about ten pass.
  expect(events).toBeGreaterThan(30);
});
