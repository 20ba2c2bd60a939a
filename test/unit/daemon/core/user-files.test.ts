import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { appendFile, mkdir, readFile, rename, symlink, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openDirectory } from "../../../support/directory.ts";
import { openHungMount } from "../../../support/hung-mount.ts";
import { endProcesses } from "../../../support/server-process.ts";
import { openTestFiles, readerSource } from "../../../support/user-files.ts";

const stack = new AsyncDisposableStack();
const directory = stack.use(await openDirectory());
// Under a name of its own, by which its processes are told from those of other tests.
const script = directory.join("reader.ts");
await symlink(readerSource, script);
const files = stack.use(openTestFiles({ script }));
const good = directory.join("good");
await writeFile(good, "good");
afterAll(() => stack.disposeAsync());

const maxBytes = 1024;

function readers(): number[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return readFileSync(`/proc/${name}/cmdline`, "utf8").includes(script) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

test("a file is read, again only when it has changed", async () => {
  const path = directory.join("file");
  await writeFile(path, "content");
  const versionOf = async (): Promise<string> => {
    const read = await files.read(path, maxBytes);
    return read.kind === "content" ? read.version : "";
  };
  expect(await files.read(path, maxBytes)).toMatchObject({ kind: "content", bytes: Buffer.from("content") });
  const known = await versionOf();
  expect(await files.reread(path, maxBytes, known)).toMatchObject({ kind: "unchanged" });
  await appendFile(path, "s");
  expect(await files.reread(path, maxBytes, known)).toMatchObject({ bytes: Buffer.from("contents") });
  // Another file in its place, of the same size and the same time.
  const before = await versionOf();
  await writeFile(directory.join("other"), "CONTENTS");
  execFileSync("touch", ["-r", path, directory.join("other")]);
  await rename(directory.join("other"), path);
  expect(await files.reread(path, maxBytes, before)).toMatchObject({
    bytes: Buffer.from("CONTENTS"),
  });
});

test("reads that overlap are all answered", async () => {
  const paths = Array.from({ length: 100 }, (_, index) => directory.join(`missing${index}`));
  const reads: Promise<{ kind: string }>[] = [];
  for (const path of paths) {
    reads.push(files.read(path, maxBytes), files.read(good, maxBytes));
    await new Promise((resolve) => setImmediate(resolve));
  }
  const kinds = (await Promise.all(reads)).map(({ kind }) => kind);
  expect(kinds).toEqual(paths.flatMap(() => ["missing", "content"]));
});

const unreadable = (why: string): object => ({ kind: "unreadable", why });
const tooLarge = unreadable("it is larger than 1 KiB");

test.each<[string, object, (path: string) => unknown]>([
  ["nothing", { kind: "missing" }, () => undefined],
  ["a directory", unreadable("it is a directory"), (path) => mkdir(path)],
  ["a FIFO", unreadable("it is a FIFO"), (path) => execFileSync("mkfifo", [path])],
  ["a socket", unreadable("it is a socket"), (path) => listen(path)],
  ["zeros without end", unreadable("it is a device"), (path) => symlink("/dev/zero", path)],
  ["a terminal", unreadable("it is a device"), (path) => symlink("/dev/ptmx", path)],
  ["a link to itself", unreadable("its symbolic links lead in a circle"), (path) => symlink(path, path)],
  ["memory", unreadable("it cannot be read (EIO)"), (path) => symlink("/proc/self/mem", path)],
  ["3 GB", tooLarge, (path) => sparse(path, 3e9)],
  ["a byte too much", tooLarge, (path) => sparse(path, 1025)],
  ["as much as may be", { kind: "content", bytes: Buffer.alloc(1024) }, (path) => sparse(path, 1024)],
  ["too much that has no size", tooLarge, (path) => symlink("/proc/kallsyms", path)],
  ["what has no size", { kind: "content" }, (path) => symlink("/proc/self/comm", path)],
])("what stands at a path is looked at before it is read: %s", async (what, expected, make) => {
  const path = directory.join(`has ${what}`);
  await make(path);
  expect(await files.read(path, maxBytes)).toMatchObject(expected);
});

test("a path below a file is missing, one with a NUL or one that may not be looked at unreadable", async () => {
  await using foreign = await openHungMount({ foreign: true });
  expect(await files.read(join(good, "below"), maxBytes)).toEqual({ kind: "missing" });
  expect(await files.read("a\0b", maxBytes)).toEqual(unreadable("its path holds a NUL character"));
  expect(await files.read(foreign.path, maxBytes)).toEqual(unreadable("permission was denied"));
});

test("a writer who waits at a FIFO is not woken", async () => {
  const fifo = directory.join("waited at");
  execFileSync("mkfifo", [fifo]);
  const writing = new AbortController();
  const written = writeFile(fifo, "secret", { signal: writing.signal });
  expect(await files.read(fifo, maxBytes)).toEqual(unreadable("it is a FIFO"));
  expect(await readFile(fifo, "utf8")).toBe("secret");
  await written;
});

test("names are listed in order, as many as may be", async () => {
  const path = directory.join("folder");
  await mkdir(path);
  for (const name of ["b", "é", "a", ".c"]) await writeFile(join(path, name), "");
  expect(await files.list(path, 4)).toEqual({ kind: "names", names: [".c", "a", "b", "é"] });
  expect(await files.list(path, 3)).toEqual(unreadable("it holds more than 3 files"));
  expect(await files.list(good, 3)).toEqual({ kind: "missing" });
});

test("what is connected to is looked at only", async () => {
  const path = directory.join("agent");
  await listen(path);
  const found = ["agent", "good", "."].map((name) => files.kind(directory.join(name)));
  expect(await Promise.all(found)).toEqual(["socket", "file", "directory"]);
  expect(await files.kind("/dev/zero")).toBe("device");
  expect(await files.kind(directory.join("nowhere"))).toBe("missing");
});

test("a process that is killed from outside costs no read", async () => {
  using own = openTestFiles({ script });
  expect(await own.read(good, maxBytes)).toMatchObject({ kind: "content" });
  const reading = Array.from({ length: 20 }, (_, index) => own.read(good + "x".repeat(index), maxBytes));
  endProcesses(readers());
  expect((await Promise.all(reading)).map(({ kind }) => kind)).toEqual([
    "content",
    ...reading.slice(1).map(() => "missing"),
  ]);
});

test("a process that takes no more questions costs none", async () => {
  // Whether the exit or the failed write is told of first is the system's.
  for (let attempt = 0; attempt < 15; attempt += 1) {
    using own = openTestFiles({ script });
    expect(await own.read(good, maxBytes)).toMatchObject({ kind: "content" });
    const killed = readers();
    endProcesses(killed);
    // They have ended before the question is sent, and nobody was told.
    while (killed.some((pid) => !hasEnded(pid)));
    expect(await own.read(good, maxBytes)).toMatchObject({ kind: "content" });
  }
});

function hasEnded(pid: number): boolean {
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return true;
  }
}

test("without a process to read files nothing is read, and nothing waits", async () => {
  using own = openTestFiles({ runtime: directory.join("nowhere") });
  expect(await own.read(good, maxBytes)).toEqual(unreadable("the process that reads files has ended"));
});

async function listen(path: string): Promise<void> {
  const server = createServer().listen(path);
  stack.defer(() => void server.close());
  await once(server, "listening");
}

async function sparse(path: string, bytes: number): Promise<void> {
  await writeFile(path, "");
  await truncate(path, bytes);
}
