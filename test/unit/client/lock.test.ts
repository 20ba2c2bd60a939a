import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir, utimes, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { takeLock } from "../../../client/lock.ts";
import { openDirectory } from "../../support/directory.ts";

/** The pid of a process that was there and is gone. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ["-e", "0"], { stdio: "ignore" });
  await once(child, "exit");
  return child.pid ?? 0;
}

const contentOf = (pid: number, at = Date.now()): string => JSON.stringify({ pid, at, nonce: "n" });

test("it is held by one, and free again when given back", async () => {
  await using directory = await openDirectory();
  const path = directory.join("lock");
  {
    using lock = takeLock(path);
    expect(lock).toBeDefined();
    expect(takeLock(path)).toBeUndefined();
  }
  using again = takeLock(path);
  expect(again).toBeDefined();
  expect(await readdir(directory.path)).toEqual(["lock"]);
});

test("nothing is left behind", async () => {
  await using directory = await openDirectory();
  takeLock(directory.join("lock"))?.[Symbol.dispose]();
  expect(await readdir(directory.path)).toEqual([]);
});

test.each([
  ["of a dead process", async () => contentOf(await deadPid())],
  ["of a living process, but from an hour ago", async () => contentOf(process.pid, Date.now() - 3_600_000)],
])("a lock %s is taken over", async (_, content) => {
  await using directory = await openDirectory();
  const path = directory.join("lock");
  await writeFile(path, await content());
  using lock = takeLock(path);
  expect(lock).toBeDefined();
  expect(await readdir(directory.path)).toEqual(["lock"]);
});

test("a lock of a living process is respected", async () => {
  await using directory = await openDirectory();
  const path = directory.join("lock");
  await writeFile(path, contentOf(process.ppid));
  expect(takeLock(path)).toBeUndefined();
});

test("a lock that is being written is respected, one that was never finished is not", async () => {
  await using directory = await openDirectory();
  const path = directory.join("lock");
  await writeFile(path, "");
  expect(takeLock(path)).toBeUndefined();
  await utimes(path, 0, 0);
  using lock = takeLock(path);
  expect(lock).toBeDefined();
});

test("giving back leaves a lock alone that another has taken meanwhile", async () => {
  await using directory = await openDirectory();
  const path = directory.join("lock");
  const lock = takeLock(path);
  await writeFile(path, contentOf(process.ppid));
  lock?.[Symbol.dispose]();
  expect(existsSync(path)).toBe(true);
});

test("of many processes that find a dead lock at once one gets it", async () => {
  await using directory = await openDirectory();
  const path = directory.join("lock");
  await writeFile(path, contentOf(await deadPid()));
  const module = new URL("../../../client/lock.ts", import.meta.url).href;
  const script = `
    const { takeLock } = await import(${JSON.stringify(module)});
    console.log("ready");
    process.stdin.once("data", () => console.log(takeLock(${JSON.stringify(path)}) === undefined ? "lost" : "won"));
  `;
  const children = Array.from({ length: 8 }, () =>
    spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["pipe", "pipe", "inherit"] }),
  );
  const lines = children.map((child) => createInterface(child.stdout)[Symbol.asyncIterator]());
  try {
    await Promise.all(lines.map((line) => line.next()));
    for (const child of children) child.stdin.write("go\n");
    const answers = await Promise.all(lines.map(async (line) => String((await line.next()).value)));
    expect(answers.toSorted()).toEqual([...Array.from({ length: 7 }, () => "lost"), "won"]);
  } finally {
    await Promise.all(
      children.map((child) => {
        const exited = once(child, "exit");
        child.kill();
        return exited;
      }),
    );
  }
});
