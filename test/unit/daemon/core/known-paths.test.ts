import { readdirSync, readFileSync } from "node:fs";
import { appendFile, mkdir, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDirectory } from "../../../support/directory.ts";
import { openTestFiles, readerSource } from "../../../support/user-files.ts";

const stack = new AsyncDisposableStack();
const directory = stack.use(await openDirectory());
// Under a name of its own, by which its process is told from those of other tests.
const script = directory.join("reader.ts");
await symlink(readerSource, script);
// Where the process stands still, what it is asked for is late.
const files = stack.use(openTestFiles({ script, timeoutMs: 1000, maxHanging: 100 }));
afterAll(() => stack.disposeAsync());

const maxBytes = 64 * 1024;
const late = { kind: "unreadable" };
const file = directory.join("file");
const folder = directory.join("folder");

/** Two minutes ago, so that their times are versions. */
async function settle(...paths: string[]): Promise<void> {
  const then = new Date(Date.now() - 120_000);
  for (const path of paths) await utimes(path, then, then);
  // Their times of change cannot be set.
  await delay(3100);
}

async function versionOf(path: string): Promise<string> {
  const read = await files.read(path, maxBytes);
  return "version" in read ? read.version : "";
}

/** Runs `work` while the other process stands still. */
async function withoutReader<Result>(work: () => Promise<Result>): Promise<Result> {
  const readers = readdirSync("/proc").filter(
    (name) => /^\d+$/.test(name) && commandOf(name).includes(script),
  );
  expect(readers).not.toEqual([]);
  for (const pid of readers) process.kill(Number(pid), "SIGSTOP");
  try {
    return await work();
  } finally {
    for (const pid of readers) if (commandOf(pid) !== "") process.kill(Number(pid), "SIGCONT");
  }
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

/** Asks for each until it is known where it is. */
async function getToKnow(...paths: string[]): Promise<void> {
  for (const path of paths) await files.kind(path);
  await files.list(folder, 10);
  // Of each path one question at a time: the answer is behind the one to where it is.
  for (const path of paths) await files.read(path, maxBytes);
}

beforeAll(async () => {
  await writeFile(file, "content");
  await mkdir(folder);
  await writeFile(`${folder}/a`, "");
  await settle(file, folder);
  await getToKnow(file, folder, directory.join("missing"), "/proc/version");
});

test("what has not changed is known without the other process", async () => {
  const version = await versionOf(file);
  const answers = await withoutReader(() =>
    Promise.all([
      files.reread(file, maxBytes, version),
      files.reread(directory.join("missing"), maxBytes, undefined),
      files.list(folder, 10),
      files.kind(file),
    ]),
  );
  expect(answers).toEqual([
    { kind: "unchanged", version },
    { kind: "missing" },
    await files.list(folder, 10),
    "file",
  ]);
  expect(answers[2]).toMatchObject({ kind: "names", names: ["a"] });
});

test("a change is seen at once", async () => {
  const version = await versionOf(file);
  await appendFile(file, "s");
  await writeFile(`${folder}/b`, "");
  await writeFile(directory.join("missing"), "there");
  const answers = Promise.all([
    files.reread(file, maxBytes, version),
    files.list(folder, 10),
    files.reread(directory.join("missing"), maxBytes, undefined),
  ]);
  expect(await answers).toMatchObject([
    { bytes: Buffer.from("contents") },
    { names: ["a", "b"] },
    { bytes: Buffer.from("there") },
  ]);
  await rm(file);
  expect(await files.reread(file, maxBytes, version)).toEqual({ kind: "missing" });
});

test("a link that leads elsewhere now, and what is there now, are not followed here", async () => {
  const [link, later] = [directory.join("link"), directory.join("later")];
  await symlink("folder", link);
  await getToKnow(`${link}/a`, `${later}/a`);
  expect(await withoutReader(() => files.kind(`${link}/a`))).toBe("file");
  await rm(link);
  await symlink("/proc", link);
  await symlink("/proc", later);
  const kinds = await withoutReader(() => Promise.all([files.kind(`${link}/a`), files.kind(`${later}/a`)]));
  expect(kinds).toEqual(["unknown", "unknown"]);
});

test("a directory of more names than may be is asked for", async () => {
  expect(await files.list(folder, 1)).toMatchObject({
    kind: "unreadable",
    why: "it holds more than 1 files",
  });
});

// The last one: the process that it stops is given up.
test("of another file system the other process is asked", async () => {
  const version = await versionOf("/proc/version");
  expect(await withoutReader(() => files.reread("/proc/version", maxBytes, version))).toMatchObject(late);
});
