import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { readAll } from "../support/http.ts";
import { hostOf, openHostedDaemon, type RunOptions } from "../support/hosted-daemon.ts";
import { openShells, shellNames } from "../support/shells.ts";
import { openUnixUser } from "../support/unix-user.ts";

await using starting = new AsyncDisposableStack();
const shells = starting.use(await openShells());
const daemon = starting.use(await openHostedDaemon());
const owned = starting.move();
afterAll(() => owned.disposeAsync());

const execute = promisify(execFile);
for (const name of shellNames) {
  const account = owned.use(await openUnixUser({ shell: shells.path(name) }));
  await daemon.client.call("createHost", { body: { ...hostOf(daemon.sshd), name, user: account.name } });
}

/** A run as every reader has it: the stream as shown, with every byte, and the two records. */
async function everyWay(host: string, command: string, options: RunOptions = {}) {
  const shown = await daemon.run(command, { host, ...options });
  const raw = await daemon.http.open("GET", `/api/runs/${shown.id}/events?raw=1`);
  const output = async (stream: "stdout" | "stderr") => {
    const path = `/api/runs/${shown.id}/output?stream=${stream}`;
    return (await daemon.http.ask("GET", path)).bytes.toString();
  };
  const events = (await readAll(raw)).toString();
  return { shown, events, stdout: await output("stdout"), stderr: await output("stderr") };
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

interface Case {
  readonly what: string;
  readonly command: string;
  readonly stdout?: string;
  readonly stderr?: string | RegExp;
  readonly exitCode?: number;
  readonly options?: RunOptions;
}

async function check(host: string, { command, stdout = "", stderr = "", exitCode = 0, options }: Case) {
  const run = await everyWay(host, command, options);
  expect(run.stdout).toBe(stdout);
  if (typeof stderr === "string") expect(run.stderr).toBe(stderr);
  else expect(run.stderr).toMatch(stderr);
  expect(run.shown.complete).toMatchObject({
    outcome: "exited",
    exitCode,
    stopConfirmed: null,
    stdoutBytes: Buffer.byteLength(stdout),
    stderrBytes: Buffer.byteLength(run.stderr),
    sha256: { stdout: sha256(stdout), stderr: sha256(run.stderr) },
  });
  expect(run.events).not.toContain("hostrun-");
  expect(run.stdout + run.stderr).not.toContain("hostrun-");
}

const long = `echo ${"x".repeat(65_536 - 5)}`;
/** For every shell there is. */
const plain: readonly Case[] = [
  { what: "both streams", command: "echo out; /bin/sh -c 'echo err >&2'", stdout: "out\n", stderr: "err\n" },
  { what: "an exit code", command: "exit 37", exitCode: 37 },
  { what: "the exit code of a program", command: "/bin/sh -c 'exit 255'", exitCode: 255 },
  { what: "a newline first", command: "\n\necho on", stdout: "on\n" },
  { what: "a comment first", command: "# a comment\necho on", stdout: "on\n" },
  { what: "spaces", command: "   echo on   ", stdout: "on\n" },
  { what: "several lines", command: "echo 1\necho 2\n\necho 3\n", stdout: "1\n2\n3\n" },
  { what: "no output", command: "true" },
  { what: "as long as a command may be", command: long, stdout: `${long.slice(5)}\n` },
  {
    what: "bash",
    command: 'echo "$0" >&2; exit 3',
    options: { useBash: true },
    stderr: "bash\n",
    exitCode: 3,
  },
  { what: "a terminal", command: "echo on", options: { pty: true }, stdout: "on\r\n" },
  { what: "standard input", command: "cat", options: { stdin: "in\n" }, stdout: "in\n" },
];
const bourne: readonly Case[] = [
  {
    what: "a here-document",
    command: "cat <<END >&2\n$((1 + 1))\nEND\necho on",
    stdout: "on\n",
    stderr: "2\n",
  },
  { what: "a stderr that is closed at once", command: "exec 2>&-; echo on", stdout: "on\n" },
  { what: "a stderr that is sent to stdout", command: "exec 2>&1; echo on >&2", stdout: "on\n" },
  {
    what: "cwd and env",
    command: 'pwd; echo "$A"',
    options: { cwd: "/usr", env: { A: "b c" } },
    stdout: "/usr\nb c\n",
  },
  {
    what: "a login shell",
    command: "echo on; exit 4",
    options: { loginShell: true },
    stdout: "on\n",
    exitCode: 4,
  },
];
const wrong: Readonly<Record<(typeof shellNames)[number], Case>> = {
  dash: { what: "", command: "echo )", stderr: 'dash: 1: Syntax error: ")" unexpected\n', exitCode: 2 },
  bash: {
    what: "",
    command: "echo )",
    stderr: "bash: -c: line 1: syntax error near unexpected token `)'\nbash: -c: line 1: `echo )'\n",
    exitCode: 2,
  },
  ash: { what: "", command: "echo )", stderr: 'ash: syntax error: unexpected ")"\n', exitCode: 2 },
  zsh: { what: "", command: "echo )", stderr: "zsh:1: parse error near `)'\n", exitCode: 1 },
  fish: {
    what: "",
    command: "no-such",
    stderr: "fish: Unknown command: no-such\nfish: \nno-such\n^~~~~~^\n",
    exitCode: 127,
  },
  tcsh: { what: "", command: "echo (", stderr: "Too many ('s.\n", exitCode: 1 },
};

describe.each(shellNames)("the pid marker never shows, %s", (shell) => {
  test.each(plain)("$what", (each) => check(shell, each));
  test.each(shell === "fish" || shell === "tcsh" ? [] : bourne)("$what", (each) => check(shell, each));
  test("a command that is wrong", () => check(shell, wrong[shell]));
});

describe("a login shell that is another one by now", () => {
  const notRead = { outcome: "failed", exitCode: null };
  test.each([
    { shell: "fish", first: notRead, said: "" },
    { shell: "tcsh", first: { outcome: "exited", exitCode: 1 }, said: "" },
    { shell: "zsh", first: { outcome: "exited", exitCode: 5 }, said: "on\n" },
  ] as const)("$shell never runs half of a command, and is known from then on", async (each) => {
    const { shell, said } = each;
    await using account = await openUnixUser();
    const { id: host } = await daemon.client.call("createHost", {
      body: { ...hostOf(daemon.sshd), name: `to-${shell}`, user: account.name },
    });
    const options = { host: host ?? 0 };
    expect((await daemon.run("echo $0", options)).text()).toBe("bash\n");
    await execute("usermod", ["--shell", shells.path(shell), account.name]);
    // A login keeps the shell that the account had.
    for (const { id } of (await daemon.client.call("listConnections")).items) {
      await daemon.client.call("closeConnection", { params: { connection: id } });
    }
    const first = await daemon.run("echo on; /bin/sh -c 'exit 5'", options);
    expect(first.complete).toMatchObject(each.first);
    expect(first.text()).toBe(said);
    expect(first.text("stderr")).not.toContain("hostrun-");
    if (each.first === notRead) expect(first.problem.message).toContain("has not run");
    const second = await daemon.run("echo on; /bin/sh -c 'exit 5'", options);
    expect(second.complete).toMatchObject({ exitCode: 5, stdoutBytes: 3, stderrBytes: 0 });
    // What >&2 would be to tcsh.
    expect(await readdir(account.home)).toEqual(expect.not.arrayContaining(["2"]));
  });
});
