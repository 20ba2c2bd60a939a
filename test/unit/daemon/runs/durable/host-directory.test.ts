import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, readdir } from "node:fs/promises";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import findDirectory from "../../../../../daemon/runs/durable/find-directory.sh";
import { followCommand } from "../../../../../daemon/runs/durable/host-script.ts";
import { isInHome, parseHostDirectory } from "../../../../../daemon/runs/durable/host-directory.ts";
import { openDirectory } from "../../../../support/directory.ts";

const run = promisify(execFile);

/** What find-directory.sh finds, and what is said then. */
async function inSh(lines: readonly string[], home: string): Promise<string> {
  const script = ["answer() { echo $1; exit; }", findDirectory, ...lines].join("\n");
  return (await run("/bin/sh", ["-c", script], { env: { ...process.env, HOME: home } })).stdout;
}

describe("the directory of a run", () => {
  test("gives way to one that a start before made elsewhere, so that only that one runs", async () => {
    await using home = await openDirectory();
    const id = randomBytes(8).toString("hex");
    const own = home.join(".hostrun");
    const elsewhere = home.join("elsewhere");
    const find = `find_directory ${id} "${own} ${elsewhere}"`;
    // Between its look and its own directory the other one comes.
    const other = [`mkdir ${elsewhere} ${elsewhere}/${id}`, "mkdir $directory", `yield_to_other ${id}`];
    expect(await inSh([find, ...other, "echo mine"], home.path)).toBe("there\n");
    expect([await readdir(own), await readdir(elsewhere)]).toEqual([[], [id]]);
    // One that is there already is the one.
    expect(await inSh([find, "echo $directory"], home.path)).toBe(`${elsewhere}/${id}\n`);
  });

  test("is not one that others may use, though it has a run of that name", async () => {
    await using home = await openDirectory();
    const open = home.join("open");
    await mkdir(`${open}/id`, { recursive: true, mode: 0o755 });
    expect(await inSh([`find_directory id ${open}`, "echo $directory"], home.path)).toBe("unsafe\n");
  });

  test("may be in the home", async () => {
    await using home = await openDirectory();
    expect(await inSh(["find_places", "echo $places"], home.path)).toContain(` ${home.path}/.hostrun\n`);
  });

  test.each(["with space", "a*b", "a;b", "a$(id)"])("is in no home that is called %j", async (name) => {
    await using directory = await openDirectory();
    const home = directory.join(name);
    await mkdir(home);
    expect(await inSh(["find_places", 'echo "$places"'], home)).toMatch(/^\/\S*\n$/);
  });
});

test("a run of another record is looked for without a trace, so that it may still begin there", async () => {
  await using home = await openDirectory();
  await mkdir(home.join("runs"), { mode: 0o700 });
  const find = async (isOwn: boolean): Promise<string> => {
    const wanted = { id: "0197-a", directory: home.join("runs"), isOwn };
    const { command } = followCommand(wanted, "abc", { stdout: 0, stderr: 0, hash: false });
    return (await run("/bin/sh", ["-c", command])).stdout;
  };
  expect(await find(false)).toBe("hostrun-abc:gone::::::::\n");
  expect(await readdir(home.join("runs"))).toEqual([]);
  expect(await find(true)).toBe("hostrun-abc:never::::::::\n");
  expect(await readdir(home.join("runs/0197-a"))).toEqual(expect.arrayContaining(["go", "never"]));
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
