import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hostOf, openHostedDaemon, type RunOptions } from "../support/hosted-daemon.ts";
import { readMessages, RunReading } from "../support/run-stream.ts";
import { openShells, type ShellName } from "../support/shells.ts";
import { openSshPool, targetOf } from "../support/ssh-pool.ts";
import { openUnixUser, type UnixUser } from "../support/unix-user.ts";

/** Whatever start files do, what goes before a command neither shows nor changes, and its process is known. */
const execute = promisify(execFile);
await using starting = new AsyncDisposableStack();
const shells = starting.use(await openShells());
// Without SHLVL: then bash reads ~/.bashrc, as it does under sshd.
const sshd = { options: { SetEnv: "HOSTRUN_TEST=1" } };
const daemon = starting.use(await openHostedDaemon({ sshd }));
const pool = starting.use(await openSshPool({ trust: [daemon.sshd] }));
const owned = starting.move();
afterAll(() => owned.disposeAsync());

const names = ["cd", "echo", "eval", "exec", "export", "builtin", "command", "printf"];
const functions = names.map((name) => `${name}() { /bin/echo "${name} of its own" >&2; }`);
const aliases = names.map((name) => `alias ${name}='/bin/echo alias ${name}'`);
/** What nobody would write; each for the shells that start files are read by. */
const common = {
  nothing: "",
  CDPATH: "export CDPATH=/usr:/usr/share",
  "set -x": "set -x",
  "set -v": "set -v",
  "set -eu": "set -eu",
  "set -aC": "set -a; set -C",
  "set -exv": "set -exv",
  functions: functions.join("\n"),
  "functions and set -x": [...functions, "set -x"].join("\n"),
  "a directory of its own": "cd /",
  "a separator of words": "IFS=:",
};
const variants: Readonly<Record<"bash" | "zsh", Readonly<Record<string, string>>>> = {
  bash: {
    ...common,
    aliases: ["shopt -s expand_aliases", ...aliases].join("\n"),
    "aliases, functions and set -x": [...functions, "shopt -s expand_aliases", ...aliases, "set -x"].join(
      "\n",
    ),
    "PS4 with effects": "PS4='$(/bin/echo x >>~/traced)+$((++traces)) '\ntraces=0\nset -x",
    "an end of its own": "trap '/bin/echo end of its own' EXIT",
  },
  zsh: {
    ...common,
    aliases: aliases.join("\n"),
    "aliases, functions and set -x": [...functions, ...aliases, "set -x"].join("\n"),
    "PS4 with effects": "setopt promptsubst\nPS4='$(/bin/echo x >>~/traced)+ '\nset -x",
    "a word at each change of directory": "chpwd() { /bin/echo went to $PWD; }",
  },
};
const file = { bash: ".bashrc", zsh: ".zshenv" } as const;

/** What a command may find changed, and what shows. */
const look: Readonly<Record<"bash" | "zsh", string>> = {
  bash: "declare -f; alias -p; shopt; set -o; trap -p; declare -p; /bin/true $_; /bin/echo $-",
  zsh: "functions; alias; set -o; trap; typeset -p; /bin/echo $-",
};
/** Of those, what differs from one process to the next, or holds the whole line. */
const own =
  /\b(?:SSH_\w+|BASHPID|PPID|SRANDOM|RANDOM|SECONDS|EPOCH\w+|TTYIDLE|(?:BASH|ZSH)_EXECUTION_STRING|BASHOPTS|_)\b|'[$!]'=/;
const found = (text: string, others = /^$/): string[] =>
  text.split("\n").filter((line) => !own.test(line) && !others.test(line));

describe.each(["bash", "zsh"] as const)("%s", (shell) => {
  let account: UnixUser;
  beforeAll(async () => {
    account = owned.use(await openUnixUser({ shell: shells.path(shell) }));
    const body = { ...hostOf(daemon.sshd), name: shell, user: account.name };
    await daemon.client.call("createHost", { body });
    await mkdir(join(account.home, "lib"));
    await execute("chown", ["-R", account.name, account.home]);
  });
  const run = (command: string, options: RunOptions = {}) =>
    daemon.run(command, { connectTimeoutMs: 120_000, ...options, host: shell });
  const bare = async (command: string) => pool.run(targetOf(daemon.sshd, { user: account.name }), command);

  describe.each(Object.keys(variants[shell]))("%s", (variant) => {
    beforeAll(async () => {
      const text = variants[shell][variant] ?? "";
      await writeFile(join(account.home, file[shell]), `${text}\n`);
      await writeFile(join(account.home, "traced"), "");
      await execute("chown", [account.name, join(account.home, "traced")]);
    });
    const traced = async (): Promise<number> => (await readFile(join(account.home, "traced"))).length;

    test.each([
      { what: "", how: {}, others: undefined },
      // Under allexport, PS4 is exported once it was put aside.
      {
        what: ", but for a directory and variables",
        how: { cwd: "lib", env: { HOSTRUN_TEST: "1" } },
        others:
          variant === "set -aC" ? /\bOLDPWD|\bPWD=|HOSTRUN_TEST|\bPS4=/ : /\bOLDPWD|\bPWD=|HOSTRUN_TEST/,
      },
    ])("nothing shows, and nothing is changed$what", async ({ how, others }) => {
      const command = look[shell];
      const alone = await bare(command);
      const before = await traced();
      const reading = await run(command, how);
      expect(found(reading.text(), others)).toEqual(found(alone.stdout.toString(), others));
      expect(reading.text("stderr")).toBe(alone.stderr.toString());
      expect({ kind: "exited", code: reading.complete.exitCode }).toEqual(alone.end);
      expect(await traced()).toBe(2 * before);
      await writeFile(join(account.home, "traced"), "");
    });

    test.each([
      { how: {}, what: "as it is" },
      { how: { useBash: true }, what: "by bash" },
      { how: { loginShell: true }, what: "in a login shell" },
      { how: { pty: true }, what: "on a terminal" },
    ])("the directory is the login's own, with its variables and standard input, $what", async ({ how }) => {
      const options = { cwd: "lib", env: { A: "it's\n$A" }, stdin: how.pty ? null : "given", ...how };
      const reading = await run(
        `/bin/pwd; /usr/bin/printenv A; ${how.pty ? "/usr/bin/stty" : "/bin/cat"}`,
        options,
      );
      const shown = reading.text().replaceAll("\r\n", "\n");
      expect(shown).toContain(`${account.home}/lib\n`);
      expect(shown).toContain("it's\n$A\n");
      if (how.pty === undefined) expect(shown).toContain("given");
      expect(shown).not.toMatch(/hostrun-|-echo\b|_h[fqbdp]/);
      expect(reading.text("stderr")).not.toMatch(/hostrun-|_h[fqbdp]|\bdd\b/);
    });

    test("its process is known, and ends for certain", async () => {
      const stream = await daemon.stream("/bin/sleep 1000 & /bin/echo up; /bin/sleep 1000", { host: shell });
      const reading = new RunReading();
      const messages = readMessages(stream);
      await reading.until(messages, ({ type }) => type === "output");
      await daemon.client.call("cancelRun", { params: { run: reading.id }, body: { graceMs: 300 } });
      await reading.until(messages, ({ type }) => type === "complete");
      expect(reading.complete).toMatchObject({ outcome: "cancelled", stopConfirmed: true });
    });
  });
});

test("BASH_ENV has neither the last word nor a part in what shows", async () => {
  await using account = await openUnixUser({ shell: shells.path("dash") });
  const body = { ...hostOf(daemon.sshd), name: "environment", user: account.name };
  await daemon.client.call("createHost", { body });
  const text = [...functions, "PS4='> '", "export A=file", "cd /", "set -x"].join("\n");
  await writeFile(join(account.home, "env"), text);
  const options = { host: "environment", useBash: true, cwd: "~", env: { A: "mine" } };
  const reading = await daemon.run('/bin/pwd; /bin/sh -c "echo $A"', {
    ...options,
    env: { A: "mine", BASH_ENV: join(account.home, "env") },
  });
  expect(reading.text()).toBe(`${account.home}\nmine\n`);
});

describe.each(["fish", "tcsh"] satisfies ShellName[])("%s", (shell) => {
  test("a trace of everything leaves out what announces the process", async () => {
    await using account = await openUnixUser({ shell: shells.path(shell) });
    const body = { ...hostOf(daemon.sshd), name: shell, user: account.name };
    await daemon.client.call("createHost", { body });
    const start = { fish: ".config/fish/config.fish", tcsh: ".tcshrc" }[shell];
    const traces = { fish: "set -g fish_trace 1", tcsh: "set echo verbose" }[shell];
    await mkdir(join(account.home, start, ".."), { recursive: true });
    await writeFile(join(account.home, start), `${traces}\n`);
    const alone = await pool.run(targetOf(daemon.sshd, { user: account.name }), "/bin/echo on");
    const reading = await daemon.run("/bin/echo on", { host: shell });
    expect(reading.text()).toBe(alone.stdout.toString());
    expect(reading.text("stderr")).toBe(alone.stderr.toString());
  });
});
