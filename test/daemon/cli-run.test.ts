import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RunEvent } from "../../protocol/event.ts";
import { builtCli, type Cli, finish, openCli, seen } from "../support/cli.ts";
import { openCounter } from "../support/counter.ts";
import { openSshd, type Sshd } from "../support/sshd.ts";
import { openTerminal, openTerminalOf } from "../support/terminal.ts";
import { openUnixUser } from "../support/unix-user.ts";

let sshd: Sshd;
let cli: Cli;

beforeAll(async () => {
  sshd = await openSshd();
  cli = await openCli(sshd);
});

afterAll(async () => {
  await cli[Symbol.asyncDispose]();
  await sshd[Symbol.asyncDispose]();
});

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

test("stdout and stderr come byte for byte, each on its own stream", async () => {
  const [out, err] = [randomBytes(3_000_000), randomBytes(1_000_000)];
  await writeFile(join(cli.home, "out.bin"), out);
  await writeFile(join(cli.home, "err.bin"), err);
  const command = `cat ${cli.home}/out.bin; cat ${cli.home}/err.bin >&2`;
  const { status, stdout, stderr } = await cli.run(["run", "web1", "--", command]);
  expect(status).toBe(0);
  expect(sha256(stdout)).toBe(sha256(out));
  expect(sha256(stderr)).toBe(sha256(err));
});

test("text with every kind of line end and no last one comes as it is", async () => {
  const { stdout } = await cli.run(["run", "web1", "--", String.raw`printf 'a\r\nb\rc\n\0\377é😀'`]);
  expect(stdout).toEqual(Buffer.concat([Buffer.from("a\r\nb\rc\n\0"), Buffer.of(0xff), Buffer.from("é😀")]));
});

test("standard input is passed on byte for byte, and so is its end", async () => {
  const input = randomBytes(2_000_000);
  const { status, stdout } = await cli.run(["run", "web1", "--", "sha256sum; echo over"], { input });
  expect(status).toBe(0);
  expect(stdout.toString()).toBe(`${sha256(input)}  -\nover\n`);
});

test("an empty standard input ends at once", async () => {
  const { stdout } = await cli.run(["run", "web1", "--", "wc -c"], { input: "" });
  expect(stdout.toString().trim()).toBe("0");
});

test("standard input that holds nothing to read, as a directory, ends at once", async () => {
  const words = [process.execPath, builtCli, "run", "web1", "--", "wc -c"]
    .map((word) => `'${word}'`)
    .join(" ");
  const env = { PATH: process.env["PATH"], HOME: cli.home, HOSTRUN_HOME: cli.stateDirectory };
  const { status, stdout } = await finish(spawn("sh", ["-c", `${words} < /`], { env, stdio: "pipe" }));
  expect([status, stdout.toString().trim()]).toEqual([0, "0"]);
});

test("standard input flows while the command runs", async () => {
  const child = cli.start(["run", "web1", "--", 'while read -r line; do echo "got $line"; done']);
  child.stdin.write("one\n");
  await seen(child.stdout, "got one\n");
  child.stdin.write("two\n");
  await seen(child.stdout, "got two\n");
  child.stdin.end();
  expect((await finish(child)).status).toBe(0);
});

test("a command that does not read its input ends although there is more", async () => {
  const input = randomBytes(4_000_000);
  const { status, stdout, stderr } = await cli.run(["run", "web1", "--", "head -c 5 | wc -c; exit 4"], {
    input,
  });
  expect([status, stdout.toString().trim(), stderr.toString()]).toEqual([4, "5", ""]);
});

test.each([0, 1, 2, 127, 200, 255])("exit status %i is the command's own", async (code) => {
  expect((await cli.run(["run", "web1", "--", `exit ${code}`])).status).toBe(code);
});

test("a command that a signal ended has 128 and its number", async () => {
  expect((await cli.run(["run", "web1", "--", "kill -KILL $$"])).status).toBe(128 + 9);
});

test("several words are joined by spaces, as ssh does", async () => {
  const { stdout } = await cli.run(["run", "web1", "--", "echo", "$((1 + 1))", "'a  b'", "--help", "--"]);
  expect(stdout.toString()).toBe("2 a  b --help --\n");
});

test("directory, environment and bash are as the options say", async () => {
  const options = ["--bash", "--cwd", cli.home, "--env", "A=1 2", "--env", "B=é=\"'"];
  const { stdout, stderr } = await cli.run([
    "run",
    ...options,
    "web1",
    "--",
    'pwd; echo "$A|$B|${BASH_VERSION%%.*}"',
  ]);
  expect(stderr.toString()).toBe("");
  expect(stdout.toString()).toMatch(new RegExp(String.raw`^${cli.home}\n1 2\|é="'\|\d+\n$`));
});

test("a command that takes longer than its timeout is stopped: 124", async () => {
  const { status, stderr } = await cli.run(["run", "--timeout", "300ms", "web1", "--", "sleep 60"]);
  expect(status).toBe(124);
  expect(stderr.toString()).toMatch(/^hostrun: .*time/);
});

test("Ctrl-C cancels the command on the host and leaves with 130", async () => {
  // OpenSSH passes signals on to ordinary users' commands only.
  await using user = await openUnixUser();
  await cli.run(["hosts", "edit", "web1", "--user", user.name]);
  const trap = `trap 'echo got it > ~/marker; exit 3' INT; echo up; while :; do sleep 0.1; done`;
  const child = cli.start(["run", "-n", "web1", "--", trap]);
  await seen(child.stdout, "up\n");
  child.kill("SIGINT");
  expect((await finish(child)).status).toBe(130);
  const { stdout } = await cli.run(["run", "web1", "--", "cat ~/marker"]);
  await cli.run(["hosts", "edit", "web1", "--user", sshd.user]);
  expect(stdout.toString()).toBe("got it\n");
  const { stdout: cancelled } = await cli.run(["history", "--outcome", "cancelled"]);
  expect(cancelled.toString()).toContain("trap 'echo got it");
});

test("a second Ctrl-C leaves at once, whatever the command does", async () => {
  const stubborn = "trap 'echo asked' INT; trap '' TERM; echo up; while :; do sleep 0.1; done";
  const child = cli.start(["run", "-n", "web1", "--", stubborn]);
  await seen(child.stdout, "up\n");
  const before = performance.now();
  child.kill("SIGINT");
  await seen(child.stdout, "asked\n");
  const ended = finish(child);
  child.kill("SIGINT");
  expect((await ended).status).toBe(130);
  // The first one alone would end the command after 5 s.
  expect(performance.now() - before).toBeLessThan(4500);
});

test("Ctrl-C on a terminal says that the command is cancelled, and a second one that this goes on", async () => {
  const terminal = openTerminal(cli, "run", "-n", "web1", "--", "trap '' INT TERM; echo trapped; sleep 20");
  await terminal.shows("trapped");
  terminal.type("\u0003");
  await terminal.shows("hostrun:\u001b[0m Cancelling; press Ctrl-C again to stop waiting.");
  terminal.type("\u0003");
  await terminal.shows("Detached. The command is still being cancelled; `hostrun history` shows its result.");
  expect((await terminal.ended).status).toBe(130);
});

test("with --pty the command's terminal has the size of the one it is shown on", async () => {
  const terminal = openTerminalOf({ rows: 40, columns: 100 }, cli, "run", "--pty", "web1", "stty size");
  await terminal.shows("40 100");
  expect((await terminal.ended).status).toBe(0);
});

test("the end by a signal whose name the host does not tell is told as that", async () => {
  const { status, stderr } = await cli.run(["run", "-n", "web1", "kill -34 $$"]);
  expect(status).toBe(255);
  expect(String(stderr)).toContain("A signal ended the command; its number is not known");
  expect(String((await cli.run(["history"])).stdout)).toContain("unnamed signal");
});

test("a reader that goes away ends the command on the host", async () => {
  const child = cli.start(["run", "-n", "web1", "--", "while :; do echo y; done"]);
  await once(child.stdout, "data");
  child.stdout.destroy();
  expect((await finish(child)).status).toBe(141);
  const { stdout: events } = await cli.run(["attach", "--json", "last"]);
  expect(events.toString()).toContain('"outcome":"cancelled"');
});

test("a command runs once", async () => {
  await using counter = await openCounter();
  await cli.run(["run", "web1", "--", `${counter.command}; echo done`]);
  expect(await counter.count()).toBe(1);
});

test("--json prints the events, from init to complete", async () => {
  const { status, stdout } = await cli.run(["run", "--json", "web1", "--", "echo hi; exit 5"]);
  const types = stdout
    .toString()
    .trim()
    .split("\n")
    .map((line) => RunEvent.parse(JSON.parse(line)).type);
  expect(status).toBe(5);
  expect(types.at(0)).toBe("init");
  expect(types.at(-1)).toBe("complete");
  expect(types).toContain("output");
});

test("with --json nothing is told a second time", async () => {
  await cli.run(["hosts", "add", "gone", "127.0.0.1:9"]);
  const { status, stdout, stderr } = await cli.run(["run", "--json", "gone", "true"]);
  expect([status, stderr.toString()]).toEqual([255, ""]);
  const told = stdout
    .toString()
    .trim()
    .split("\n")
    .map((line) => RunEvent.parse(JSON.parse(line)));
  expect(told.filter(({ type }) => type === "error")).toHaveLength(1);
  await cli.run(["hosts", "rm", "gone"]);
});

test("what looks like shell noise is the command's own, and there; --json leaves it out unless it is asked for", async () => {
  const noise =
    "Warning: Permanently added 'x' to the list of known hosts.\nbash: no job control in this shell\n";
  const command = `printf %s "${noise}" >&2; echo real >&2`;
  const stderr = async (...args: string[]) =>
    (await cli.run([...args, "web1", "--", command])).stderr.toString();
  expect(await stderr("run")).toBe(`${noise}real\n`);
  expect((await cli.run(["attach", "last"])).stderr.toString()).toBe(`${noise}real\n`);
  const filtered = async (...options: string[]) =>
    (await cli.run(["attach", "last", "--json", ...options])).stdout.includes("filteredBytes");
  expect([await filtered(), await filtered("--raw")]).toEqual([true, false]);
});

test("a pipe that is read later than the command writes gets every byte beyond the record's limit", async () => {
  const random = "openssl enc -aes-128-ctr -pass pass:x -nosalt 2>/dev/null </dev/zero";
  const child = cli.start([
    "run",
    "-n",
    "--record-limit",
    "64K",
    "web1",
    "--",
    `${random} | head -c 30000000`,
  ]);
  await once(child.stdout, "readable");
  for (const _ of [1, 2, 3]) await cli.run(["run", "web1", "--", "true"]);
  const { status, stdout, stderr } = await finish(child);
  expect([status, stdout.length, stderr.toString()]).toEqual([0, 30_000_000, ""]);
  const { stdout: expected } = await cli.run([
    "run",
    "web1",
    "--",
    `${random} | head -c 30000000 | sha256sum`,
  ]);
  expect(expected.toString()).toContain(sha256(stdout));
});

test("output beyond the record's limit is there for who reads along, and its loss is told afterwards", async () => {
  const args = ["--record-limit", "64K", "web1", "--", "head -c 100000 /dev/zero"];
  const whole = await cli.run(["run", ...args]);
  expect([whole.status, whole.stdout.length]).toEqual([0, 100_000]);
  // A failure that is told, not a success with a part of the output.
  const { status, stdout, stderr } = await cli.run(["attach", "last"]);
  expect([status, stderr.toString()]).toEqual([255, expect.stringMatching(/ KiB of output lost: /)]);
  expect(stdout.length).toBeLessThanOrEqual(65_536);
  expect(stdout.length).toBeGreaterThan(60_000);
  expect((await cli.run(["run", "--record-limit", "100000", ...args.slice(2)])).status).toBe(0);
});

test("a variable is passed on as it is here", async () => {
  const args = ["run", "--env", "TOKEN", "web1", "--", 'echo "$TOKEN"'];
  expect((await cli.run(args, { env: { TOKEN: "a b" } })).stdout.toString()).toBe("a b\n");
});

test("what could not be run is 255, and says what failed, where, and what to do", async () => {
  const free = await openSshd();
  const { port } = free;
  await free[Symbol.asyncDispose]();
  await cli.run(["hosts", "add", "gone", `127.0.0.1:${port}`]);
  const refused = await cli.run(["run", "gone", "--", "true"]);
  expect([refused.status, refused.stdout.length]).toEqual([255, 0]);
  expect(refused.stderr.toString()).toMatch(
    new RegExp(`^hostrun: Can't reach gone: nothing is listening on 127\\.0\\.0\\.1:${port}\\.`),
  );
  const unknown = await cli.run(["run", "nohost", "--", "true"]);
  expect(unknown.status).toBe(255);
  expect(unknown.stderr.toString()).toMatch(/^hostrun: .*nohost/);
});

test("what cannot be a host is a wrong command line: 2, and says what is wrong with it", async () => {
  const told = async (host: string): Promise<string> => {
    const { status, stdout, stderr } = await cli.run(["run", host, "true"]);
    expect([status, stdout.toString()]).toEqual([2, ""]);
    return stderr.toString();
  };
  expect(await told("user@host:99999")).toBe("hostrun: user@host:99999 must have a port from 1 to 65535.\n");
  expect(await told("user@-x")).toBe("hostrun: user@-x has a host that must not begin with a dash.\n");
  expect(await told("a b")).toBe("hostrun: HOST: must not contain spaces or control characters\n");
  const among = async (target: string) => {
    const { status, stderr } = await cli.run(["run", "-q", "web1", target, "--", "true"]);
    return [status, stderr.toString()];
  };
  expect(await among("user@host:0")).toEqual([
    2,
    "hostrun: There is no host for user@host:0 (must have a port from 1 to 65535). Nothing was run.\n",
  ]);
  expect(await among("web[3-1]")).toEqual([2, expect.stringContaining("its range 3-1 is reversed")]);
  expect(await among("a b")).toEqual([2, expect.stringMatching(/^hostrun: TARGET: /)]);
  expect(await among("nohost")).toEqual([255, "hostrun: There is no host for nohost. Nothing was run.\n"]);
  expect(await among("no*")).toEqual([255, "hostrun: There is no host for no*. Nothing was run.\n"]);
});

test("a lost connection is 255: how the command ended is not known", async () => {
  const child = cli.start(["run", "-n", "web1", "--", "echo up; sleep 30"]);
  await seen(child.stdout, "up\n");
  const ended = finish(child);
  await sshd.dropConnections();
  const { status, stderr } = await ended;
  expect(status).toBe(255);
  expect(stderr.toString()).toMatch(/^hostrun: .*web1/);
});

test("a run that a restarted daemon no longer has in hand ends as unknown: 255", async () => {
  const child = cli.start(["run", "-n", "web1", "--", "echo up; sleep 30"]);
  await seen(child.stdout, "up\n");
  const ended = finish(child);
  expect((await cli.run(["restart"])).status).toBe(0);
  expect((await ended).status).toBe(255);
});
