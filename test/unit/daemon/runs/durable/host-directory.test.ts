import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, readdir } from "node:fs/promises";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import {
  findDirectory,
  isInHome,
  parseHostDirectory,
  yieldToOther,
} from "../../../../../daemon/runs/durable/host-directory.ts";
import { openDirectory } from "../../../../support/directory.ts";

const run = promisify(execFile);

async function inSh(lines: readonly string[], home: string): Promise<string> {
  const script = ["w() { echo $1; exit; }", ...lines].join("; ");
  return (await run("/bin/sh", ["-c", script], { env: { ...process.env, HOME: home } })).stdout;
}

describe("the directory of a run", () => {
  test("gives way to one that a start before made elsewhere, so that only that one runs", async () => {
    await using home = await openDirectory();
    const id = randomBytes(8).toString("hex");
    const own = home.join(".hostrun");
    const elsewhere = home.join("elsewhere");
    const choices = `set -- ${own} ${elsewhere}`;
    const lines = findDirectory(id, own).map((line) => (line === `set -- ${own}` ? choices : line));
    // Between its look and its own directory the other one comes.
    const other = [`mkdir ${elsewhere} ${elsewhere}/${id}`, "mkdir $d", yieldToOther(id), "echo mine"];
    expect(await inSh([...lines, ...other], home.path)).toBe("there\n");
    expect([await readdir(own), await readdir(elsewhere)]).toEqual([[], [id]]);
    // One that is there already is the one.
    expect(await inSh([...lines, "echo $d"], home.path)).toBe(`${elsewhere}/${id}\n`);
  });

  test("is not one that others may use, though it has a run of that name", async () => {
    await using home = await openDirectory();
    const open = home.join("open");
    await mkdir(`${open}/id`, { recursive: true, mode: 0o755 });
    expect(await inSh([...findDirectory("id", open), "echo $d"], home.path)).toBe("unsafe\n");
  });

  test.each(["with space", "a*b", "a;b", "a$(id)"])("is in no home that is called %j", async (name) => {
    await using directory = await openDirectory();
    const home = directory.join(name);
    await mkdir(home);
    const lines = findDirectory("id", null).slice(0, -3);
    expect(await inSh([...lines, "echo $#"], home)).toBe("1\n");
  });
});

test("a host may name a directory only that can stand in a command", () => {
  expect(parseHostDirectory("/home/a-b/.hostrun")).toBe("/home/a-b/.hostrun");
  for (const text of ["", "relative", "/a b", "/a;id", "/a'b", "/$(id)", "/a\nb", undefined]) {
    expect(parseHostDirectory(text)).toBeUndefined();
  }
  expect(["/var/tmp/hostrun-0", "/tmp/hostrun-12", "/home/x/.hostrun"].map(isInHome)).toEqual([
    false,
    false,
    true,
  ]);
});
