import { expect, onTestFinished, test } from "vitest";
import { durableFilesOf, until } from "../support/durable.ts";
import { openHostedDaemon } from "../support/hosted-daemon.ts";
import { liveProcesses, untilLive } from "../support/process-groups.ts";
import { RunReading, readMessages } from "../support/run-stream.ts";

test("on a server of one session a durable run is ended, which its host confirms", async () => {
  await using own = await openHostedDaemon({ sshd: { options: { MaxSessions: 1 } } });
  const mark = `4100.${process.pid}`;
  const command = `echo begun; (trap '' INT TERM; while :; do sleep ${mark}; done) & while :; do sleep ${mark}; done`;
  const reading = new RunReading();
  const messages = readMessages(await own.stream(command, { durable: true }));
  await reading.until(messages, () => reading.text() === "begun\n");
  await untilLive(mark, 2);
  const alive = async () => (await liveProcesses()).filter(({ words }) => words.includes(mark));
  onTestFinished(async () => {
    for (const { group } of await alive()) process.kill(-group, "SIGKILL");
  });
  const begun = performance.now();
  await own.client.call("cancelRun", { params: { run: reading.id }, body: { graceMs: 500 } });
  await reading.until(messages, ({ type }) => type === "complete");
  expect(reading.complete).toMatchObject({ outcome: "cancelled", stopConfirmed: true });
  expect(performance.now() - begun).toBeLessThan(15_000);
  expect(await alive()).toEqual([]);
  await until(async () => !(await durableFilesOf(own.sshd.user)).includes(reading.id));
});
