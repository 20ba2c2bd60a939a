import { createHash, randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { openDirectory } from "../support/directory.ts";
import { openHostedDaemon } from "../support/hosted-daemon.ts";
import { RunReading, readMessages } from "../support/run-stream.ts";

const daemon = await openHostedDaemon();
afterAll(() => daemon[Symbol.asyncDispose]());

async function opened(command: string, on = daemon) {
  const run = new RunReading();
  const messages = readMessages(await on.stream(command, { stdinOpen: true }));
  await run.until(messages, ({ type }) => type === "init");
  return { run, rest: () => run.until(messages, ({ type }) => type === "complete") };
}

test("text is the command's standard input, to the byte, followed by its end", async () => {
  const stdin = "line\n'quotes' \"and\" $dollars `ticks`\\\n\u0000é€😀 without a last newline";
  const run = await daemon.run("cat", { stdin });
  expect(run.text()).toBe(stdin);
  expect(run.complete).toMatchObject({ outcome: "exited", exitCode: 0 });
});

test("nearly a megabyte of text passes whole", async () => {
  const stdin = "0123456789abcdef".repeat(60_000);
  const run = await daemon.run("sha256sum", { stdin });
  expect(run.text().slice(0, 64)).toBe(createHash("sha256").update(stdin).digest("hex"));
});

test("without any, the command sees the end of input at once", async () => {
  const run = await daemon.run("wc -c");
  expect(run.text().trim()).toBe("0");
});

test("pieces are written one after the other while it is open", async () => {
  const { run, rest } = await opened("cat");
  const write = (body: object) => daemon.http.ask("POST", `/api/runs/${run.id}/stdin`, { json: body });
  expect((await write({ data: "one é\n" })).status).toBe(204);
  expect((await write({ data: "AP8=", encoding: "base64" })).status).toBe(204);
  expect((await write({ data: "end", end: true })).status).toBe(204);
  await rest();
  const written = [Buffer.from("one é\n"), Buffer.from([0, 255]), Buffer.from("end")];
  expect(run.bytes("stdout")).toEqual(Buffer.concat(written));
  expect((await write({ data: "late" })).problem()).toMatchObject({ status: 409, code: "conflict" });
});

test("what is not base64 is refused, and nothing of it is written", async () => {
  const { run, rest } = await opened("cat");
  const write = (data: string) =>
    daemon.http.ask("POST", `/api/runs/${run.id}/stdin`, { json: { data, encoding: "base64" } });
  for (const data of ["AP8=AP8=", "AP8=!!!", "=AP8", "!!!!", "A", "AP8", "AP8-", "A===", "é", " AP8="]) {
    const answer = await write(data);
    expect([data, answer.status]).toEqual([data, 400]);
    expect(answer.problem().issues).toMatchObject([{ path: "data" }]);
  }
  for (const data of ["", "AP8=", "AA==", "AP//"]) expect((await write(data)).status).toBe(204);
  await daemon.http.ask("POST", `/api/runs/${run.id}/stdin`, { json: { end: true } });
  await rest();
  expect(run.bytes("stdout")).toEqual(Buffer.from([0, 255, 0, 0, 255, 255]));
});

test("8 MiB of raw bytes go through sha256sum unchanged", async () => {
  const { run, rest } = await opened("sha256sum");
  const bytes = randomBytes(8 * 1024 * 1024);
  const answer = await daemon.http.ask("POST", `/api/runs/${run.id}/stdin?end=true`, {
    headers: { "content-type": "application/octet-stream" },
    body: [bytes.subarray(0, 3_000_001), bytes.subarray(3_000_001)],
  });
  expect(answer.status).toBe(204);
  await rest();
  expect(run.text().slice(0, 64)).toBe(createHash("sha256").update(bytes).digest("hex"));
});

test("a command that reads nothing of its input ends cleanly", async () => {
  const run = await daemon.run("true", { stdin: "x".repeat(1_000_000) });
  expect(run.complete).toMatchObject({ outcome: "exited", exitCode: 0 });
  const { pool } = await daemon.client.call("stats");
  expect(pool.connections).toBe(1);
});

test("input to a command that has closed its own, or ended, is a conflict and does not hang", async () => {
  const { run, rest } = await opened("exit 0");
  await rest();
  const answer = await daemon.http.ask("POST", `/api/runs/${run.id}/stdin`, {
    headers: { "content-type": "application/octet-stream" },
    body: randomBytes(4 * 1024 * 1024),
  });
  expect(answer.status).toBe(409);
});

test("a command that stops reading holds the writer back, and its end lets it go", async () => {
  await using directory = await openDirectory();
  const goOn = directory.join("go-on");
  const { run, rest } = await opened(`head -c 10; until [ -e ${goOn} ]; do sleep 0.05; done`);
  let answered = false;
  const answer = daemon.http
    .ask("POST", `/api/runs/${run.id}/stdin`, {
      headers: { "content-type": "application/octet-stream" },
      body: Buffer.alloc(16 * 1024 * 1024, "x"),
    })
    .finally(() => {
      answered = true;
    });
  // What must not happen has no event: to take all of it in takes the daemon much less.
  await delay(1000);
  expect(answered).toBe(false);
  await writeFile(goOn, "");
  expect((await answer).status).toBe(409);
  await rest();
  expect(run.text()).toBe("xxxxxxxxxx");
  expect(run.complete).toMatchObject({ outcome: "exited", exitCode: 0 });
});

test("input that a command has not taken when it ends is not said to be taken", async () => {
  await using directory = await openDirectory();
  const goOn = directory.join("go-on");
  const { run, rest } = await opened(`until [ -e ${goOn} ]; do sleep 0.05; done`);
  const json = { data: "x".repeat(900_000) };
  // More than the host takes of a command that reads nothing.
  const writers = Array.from({ length: 6 }, () =>
    daemon.http.ask("POST", `/api/runs/${run.id}/stdin`, { json }),
  );
  await Promise.race(writers);
  // The others wait, of which nobody is told.
  await delay(500);
  await writeFile(goOn, "");
  expect((await Promise.all(writers)).map(({ status }) => status)).toContain(409);
  await rest();
});

test("a dozen writers wait for one command, and each gets all of its bytes through", async () => {
  await using directory = await openDirectory();
  const goOn = directory.join("go-on");
  await using own = await openHostedDaemon();
  const { run, rest } = await opened(`until [ -e ${goOn} ]; do sleep 0.05; done; sha256sum`, own);
  const bytes = Buffer.alloc(300_000, "x");
  const write = (json: object) => own.http.ask("POST", `/api/runs/${run.id}/stdin`, { json });
  // More than the host takes before the command reads.
  const writers = Array.from({ length: 12 }, () => write({ data: bytes.toString() }));
  await writeFile(goOn, "");
  for (const { status } of await Promise.all(writers)) expect(status).toBe(204);
  await write({ end: true });
  await rest();
  const all = Buffer.alloc(12 * bytes.length, "x");
  expect(run.text().slice(0, 64)).toBe(createHash("sha256").update(all).digest("hex"));
});

test("a run made without stdinOpen takes none", async () => {
  const stream = new RunReading();
  const messages = readMessages(await daemon.stream("echo; sleep 0.2"));
  await stream.until(messages, ({ type }) => type === "output");
  const answer = await daemon.http.ask("POST", `/api/runs/${stream.id}/stdin`, { json: { data: "x" } });
  expect(answer.problem()).toMatchObject({ status: 409, code: "conflict" });
  await stream.until(messages, ({ type }) => type === "complete");
});

test("a request whose bytes never end is ended with the run", async () => {
  const { run, rest } = await opened("read line; echo $line");
  const head = `POST /api/runs/${run.id}/stdin HTTP/1.1\r\nHost: hostrun\r\nContent-Type: application/octet-stream`;
  const answer = daemon.http.raw(`${head}\r\nTransfer-Encoding: chunked\r\n\r\n4\r\none\n\r\n`);
  await rest();
  expect(run.text()).toBe("one\n");
  expect(await answer).toMatch(/^HTTP\/1\.1 409 /);
});
