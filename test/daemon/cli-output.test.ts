import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { afterAll, expect, test } from "vitest";
import { builtCli, finish, openCli } from "../support/cli.ts";
import { openSmallDisk } from "../support/small-disk.ts";
import { openSshd } from "../support/sshd.ts";

await using starting = new AsyncDisposableStack();
const sshd = starting.use(await openSshd());
const cli = starting.use(await openCli(sshd));
const owned = starting.move();
afterAll(() => owned.disposeAsync());

const hostrun = `'${process.execPath}' '${builtCli}'`;

/** Runs a line of sh, in which `hostrun` is what is tested. */
function shell(line: string, env: NodeJS.ProcessEnv = {}) {
  const own = { PATH: process.env["PATH"], HOME: cli.home, HOSTRUN_HOME: cli.stateDirectory };
  const script = `hostrun() { ${hostrun} "$@"; }; ${line}`;
  return finish(spawn("bash", ["-c", script], { env: { ...own, ...env }, stdio: "pipe" }));
}

const outcomes = async (): Promise<string> =>
  (await cli.run(["history", "--limit", "1", "--json"])).stdout.toString();

test("a full disk under stdout ends the command on the host, and is told as that in one line", async () => {
  const { status, stderr } = await shell("hostrun run -n web1 -- 'while :; do echo y; done' >/dev/full");
  expect(status).toBe(255);
  expect(stderr.toString()).toMatch(
    /^hostrun: Standard output cannot be written: [^\n]*no space[^\n]*cancel[^\n]*\n$/,
  );
  await expect.poll(outcomes).toContain('"outcome":"cancelled"');
});

test("a run that writes nothing has Node make no stream for its output, which takes time", async () => {
  const hook = `${cli.home}/hook.cjs`;
  await writeFile(
    hook,
    `const made = [];
    for (const name of ["stdout", "stderr"]) {
      const { get } = Object.getOwnPropertyDescriptor(process, name);
      const tell = () => { made.push(name); return get.call(process); };
      Object.defineProperty(process, name, { get: tell, configurable: true });
    }
    process.on("exit", () => require("fs").writeFileSync(\`${cli.home}/made\`, made.join()));`,
  );
  const made = async (command: string): Promise<string> => {
    const { status } = await shell(`hostrun run -n web1 -- '${command}'`, {
      NODE_OPTIONS: `--require ${hook}`,
    });
    expect(status).toBe(0);
    return readFile(`${cli.home}/made`, "utf8");
  };
  expect(await made("true")).toBe("");
  expect(await made("echo x")).toContain("stdout");
});

test("a file that takes only a part of the last bytes is a failure, and not a success", async () => {
  await using disk = await openSmallDisk(1);
  const path = `${disk.path}/file`;
  await writeFile(`${disk.path}/ballast`, Buffer.alloc(1024 * 1024 - 4096));
  // On the last page there is room for 46 bytes of a hundred that come at once.
  await writeFile(path, Buffer.alloc(4050));
  const { status, stderr } = await shell(`hostrun run -n web1 -- 'head -c 100 /dev/zero' >>${path}`);
  expect((await readFile(path)).length).toBe(4096);
  expect([status, stderr.toString()]).toEqual([255, expect.stringContaining("no space left")]);
});

test("without a reader of stderr the command goes on, and its status counts", async () => {
  const command = "read go; for i in 1 2 3 4 5; do echo $i; echo message >&2; sleep 0.1; done; exit 3";
  const child = cli.start(["run", "web1", "--", command]);
  child.stderr.destroy();
  child.stdin.end("\n");
  const { status, stdout } = await finish(child);
  expect([status, stdout.toString()]).toEqual([3, "1\n2\n3\n4\n5\n"]);
});

test("a full disk under stderr lets the command go on, and is a failure", async () => {
  const command = "for i in 1 2 3; do echo $i; echo message >&2; done";
  const { status, stdout } = await shell(`hostrun run -n web1 -- '${command}' 2>/dev/full`);
  expect([status, stdout.toString()]).toEqual([255, "1\n2\n3\n"]);
  await expect.poll(outcomes).toContain('"exitCode":0');
  const { status: own } = await shell(`hostrun run -n web1 -- '${command}; exit 7' 2>/dev/full`);
  expect(own).toBe(255);
});

const others = [
  "history",
  "show last",
  "show last --output",
  "logs",
  "attach last",
  "hosts",
  "--help",
  "run --help",
];

test.each(others)("hostrun %s into a full disk says so", async (line) => {
  await cli.run(["run", "web1", "--", "echo output"]);
  const { status, stderr } = await shell(`hostrun ${line} >/dev/full`);
  expect(status).toBe(line.startsWith("attach") ? 255 : 1);
  expect(stderr.toString()).toMatch(
    /^hostrun: Standard output cannot be written: [^\n]*no space left[^\n]*\n$/,
  );
});

test.each(others)(
  "hostrun %s into a pipe that nobody reads ends as by SIGPIPE, and prints nothing",
  async (line) => {
    await cli.run(["run", "web1", "--", "head -c 1000000 /dev/zero"]);
    const child = cli.start(line.split(" "));
    child.stdout.destroy();
    const { status, stderr } = await finish(child);
    expect([status, stderr.toString()]).toEqual([141, ""]);
  },
);

test("the character that stands for what cannot be read is an argument like any other", async () => {
  const { status, stdout } = await shell("hostrun run -n web1 -- 'printf %s \ufffdé😀'");
  expect([status, stdout.toString()]).toEqual([0, "\ufffdé😀"]);
});

test.each([
  ["a command", "run -n web1 -- $'echo \\xff'"],
  ["a host", "run -n $'web\\xc3' -- true"],
  ["an option", "run -n --cwd $'/tmp/\\xf0\\x9f' web1 -- true"],
  ["a word of another command", "hosts add $'\\xfe' 127.0.0.1"],
])("%s that is not UTF-8 is refused, and nothing runs", async (_what, line) => {
  const before = await outcomes();
  const { status, stdout, stderr } = await shell(`hostrun ${line}`);
  expect([status, stdout.toString()]).toEqual([2, ""]);
  expect(stderr.toString()).toMatch(/^hostrun: Argument \d is not text in UTF-8: /);
  expect(await outcomes()).toBe(before);
});

test.each(["--env", "--secret-env"])(
  "a variable that is not UTF-8 is not passed on by %s",
  async (option) => {
    const line = `hostrun run -n ${option} TOKEN web1 -- 'printf %s "$TOKEN"'`;
    const bad = await shell(`export TOKEN=$'a\\xff'; ${line}`);
    expect([bad.status, bad.stderr.toString()]).toEqual([2, expect.stringContaining("TOKEN")]);
    const good = await shell(`export TOKEN=$'\\xef\\xbf\\xbd'; ${line}`);
    expect([good.status, good.stdout.toString()]).toEqual([0, "\ufffd"]);
  },
);
