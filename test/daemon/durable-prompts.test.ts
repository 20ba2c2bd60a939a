import { writeFile } from "node:fs/promises";
import { afterAll, beforeEach, expect, test } from "vitest";
import type { RunEvent } from "../../protocol/event.ts";
import { openTestDaemon, type TestDaemon } from "../support/daemon.ts";
import { openDirectory } from "../support/directory.ts";
import { knowHosts, openStream } from "../support/hosted-daemon.ts";
import { openPasswordUser } from "../support/password-user.ts";
import { readMessages, RunReading } from "../support/run-stream.ts";
import { openSshd } from "../support/sshd.ts";

const password = "correct horse";
await using stack = new AsyncDisposableStack();
const user = stack.use(await openPasswordUser(password));
const sshd = stack.use(
  await openSshd({ options: { PasswordAuthentication: "yes", PubkeyAuthentication: "no" } }),
);
const directory = stack.use(await openDirectory());
await knowHosts(directory.path, sshd.knownHosts);
const state = stack.use(await openDirectory());
const owned = stack.move();
afterAll(() => owned.disposeAsync());

const openDaemon = (): Promise<TestDaemon> =>
  openTestDaemon({ home: directory.path, stateDirectory: state.path });

let number = 0;
let gate: string;
beforeEach(() => {
  number += 1;
  gate = `${user.home}/gate-${number}`;
});

/** A durable run that is asked about, and has said "up"; it ends once `gate` is there. */
async function begin(daemon: TestDaemon) {
  const { address, port } = sshd;
  await daemon.client
    .call("createHost", { body: { name: "web1", address, port, user: user.name } })
    .catch(() => undefined);
  const command = `echo up; until test -e ${gate}; do sleep 0.05; done; echo done`;
  const messages = readMessages(await openStream(daemon, command, { durable: true, prompts: "ask" }));
  const reading = new RunReading();
  const until = (wanted: (event: RunEvent) => boolean): Promise<RunEvent> => reading.until(messages, wanted);
  await answerNext(daemon, until);
  await until(({ type }) => type === "output");
  return { reading, until };
}

async function answerNext(
  daemon: TestDaemon,
  until: (wanted: (event: RunEvent) => boolean) => Promise<RunEvent>,
): Promise<void> {
  const event = await until(({ type }) => type === "prompt");
  if (event.type !== "prompt") throw new Error("no prompt");
  expect(event.prompt).toMatchObject({ kind: "password", host: "web1", attempt: 1 });
  await daemon.client.call("answerPrompt", {
    params: { prompt: event.prompt.id },
    body: { answers: [password] },
  });
}

const openGate = (): Promise<void> => writeFile(gate, "");

test("a durable run whose link was cut asks again, and goes on where it was", async () => {
  await using daemon = await openDaemon();
  const { reading, until } = await begin(daemon);
  await sshd.dropConnections();
  await answerNext(daemon, until);
  await openGate();
  await until(({ type }) => type === "complete");
  expect(reading.complete).toMatchObject({ outcome: "exited", exitCode: 0 });
  expect(reading.text()).toBe("up\ndone\n");
});

test("one that was declined is not asked about again, and goes on by a password that is kept", async () => {
  await using daemon = await openDaemon();
  const { reading, until } = await begin(daemon);
  await sshd.dropConnections();
  const asked = await until(({ type }) => type === "prompt");
  if (asked.type !== "prompt") throw new Error("no prompt");
  await daemon.client.call("declinePrompt", { params: { prompt: asked.prompt.id } });
  await until(({ type }) => type === "promptClosed");
  await daemon.client.call("keepSecrets", { params: { host: "web1" }, body: { password } });
  await openGate();
  await until(({ type }) => type === "complete");
  expect(reading.complete).toMatchObject({ outcome: "exited", exitCode: 0 });
  expect(reading.text()).toBe("up\ndone\n");
  expect(reading.of("prompt")).toHaveLength(2);
});

test("the next daemon asks for it, too", async () => {
  const first = await openDaemon();
  const { reading } = await begin(first);
  await first[Symbol.asyncDispose]();
  await using second = await openDaemon();
  const messages = readMessages(await second.http.open("GET", `/api/runs/${reading.id}/events`));
  const again = new RunReading();
  const until = (wanted: (event: RunEvent) => boolean): Promise<RunEvent> => again.until(messages, wanted);
  await until(({ type }) => type === "promptClosed");
  await answerNext(second, until);
  await openGate();
  await until(({ type }) => type === "complete");
  expect(again.complete).toMatchObject({ outcome: "exited", exitCode: 0 });
  expect(again.text()).toBe("up\ndone\n");
});
