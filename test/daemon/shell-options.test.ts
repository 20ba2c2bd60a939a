import { execFile } from "node:child_process";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hostOf, openHostedDaemon, type RunOptions } from "../support/hosted-daemon.ts";
import type { RunReading } from "../support/run-stream.ts";
import { openShells, shellNames } from "../support/shells.ts";
import { openUnixUser, type UnixUser } from "../support/unix-user.ts";

const execute = promisify(execFile);
await using starting = new AsyncDisposableStack();
const shells = starting.use(await openShells());
const daemon = starting.use(await openHostedDaemon());
const owned = starting.move();
afterAll(() => owned.disposeAsync());

/** What shells and quoting trip over, csh's history and line ends in quotes included. */
const awkward = `it's "two"\n!! $HOME \`id\` \\ \\n\\! #é€😀 *?[a] {a,b} ~ %d <>|&;()\t^x^y`;
/** Directory names; a NUL and a slash are all that they cannot hold. */
const directories = [awkward.replaceAll("/", ""), "-n", "a\nb", "!x", "it's"];

/** The files by which each shell's login and other start is seen: both set variables of their own, and A. */
const startFiles: Readonly<Record<(typeof shellNames)[number], Readonly<Record<string, string>>>> = {
  dash: { ".profile": "export A=file LOGIN=yes; cd /" },
  bash: { ".bash_profile": "export A=file LOGIN=yes; cd /" },
  ash: { ".profile": "export A=file LOGIN=yes; cd /" },
  zsh: { ".zshenv": "export A=file", ".zprofile": "export LOGIN=yes; cd /" },
  fish: {
    ".config/fish/config.fish": "set -gx A file\nif status is-login\n  set -gx LOGIN yes\n  cd /\nend",
  },
  tcsh: { ".tcshrc": "setenv A file", ".login": "setenv LOGIN yes\ncd /" },
};

describe.each(shellNames)("%s", (shell) => {
  let account: UnixUser;
  beforeAll(async () => {
    account = owned.use(await openUnixUser({ shell: shells.path(shell) }));
    await daemon.client.call("createHost", {
      body: { ...hostOf(daemon.sshd), name: shell, user: account.name },
    });
    for (const [name, text] of Object.entries(startFiles[shell])) {
      await mkdir(join(account.home, name, ".."), { recursive: true });
      await writeFile(join(account.home, name), `${text}\n`);
    }
    for (const name of directories) await mkdir(join(account.home, name));
    await execute("chown", ["-R", account.name, account.home]);
  });
  const run = (command: string, options: RunOptions): Promise<RunReading> =>
    daemon.run(command, { ...options, host: shell });

  describe.each([{ durable: false }, { durable: true }])("durable: $durable", (kind) => {
    const useBash = [false, true].map((yes) => ({ ...kind, useBash: yes }));

    test.each(useBash)(
      "variables have the last word, whatever they hold (useBash: $useBash)",
      async (how) => {
        for (const loginShell of [false, true]) {
          const reading = await run("printenv A; printenv B", {
            ...how,
            loginShell,
            env: { A: awkward, B: "second" },
          });
          expect(reading.text("stderr")).toBe("");
          expect(reading.text()).toBe(`${awkward}\nsecond\n`);
          expect(reading.complete).toMatchObject({ outcome: "exited", exitCode: 0 });
        }
      },
    );

    test.each(useBash)("a working directory is the one (useBash: $useBash)", async (how) => {
      for (const cwd of [
        ...directories.map((name) => `~/${name}`),
        join(account.home, directories[0] ?? ""),
        "~",
      ]) {
        const reading = await run("/bin/pwd", { ...how, cwd, loginShell: cwd === "~" });
        expect(reading.text("stderr")).toBe("");
        expect(reading.text()).toBe(`${cwd.replace(/^~/, account.home)}\n`);
      }
    });

    test.each(useBash)("without its directory a command does not run (useBash: $useBash)", async (how) => {
      const reading = await run("echo ran\necho ran", { ...how, cwd: "/nowhere/at all" });
      expect(reading.text()).toBe("");
      expect(reading.text("stderr")).toContain("/nowhere/at all");
      expect(reading.complete.outcome).toBe("exited");
      expect(reading.complete.exitCode).not.toBe(0);
    });

    test.each(useBash)("loginShell reads the login's files (useBash: $useBash)", async (how) => {
      if (how.useBash) await writeFile(join(account.home, ".bash_profile"), "export LOGIN=yes\n");
      const command = "printenv LOGIN; /bin/sh -c 'exit 3'";
      const reading = await run(command, { ...how, loginShell: true });
      expect(reading.text()).toBe("yes\n");
      expect(reading.complete).toMatchObject({ outcome: "exited", exitCode: 3 });
      expect((await run("printenv LOGIN", how)).text()).toBe("");
    });

    test("useBash is bash whatever the command holds", async () => {
      const command = `x='!! it'"'"'s'\n[[ $x == '!!'* ]] && printf '%s|' "$x" \\\n  '${"!'\\''".repeat(5000)}'`;
      const reading = await run(command, { ...kind, useBash: true });
      expect(reading.text("stderr")).toBe("");
      expect(reading.text()).toBe(`!! it's|${"!'".repeat(5000)}|`);
    });
  });
});

describe("a login whose shell was changed does not run a command without its variables or directory", () => {
  const nowhere: RunOptions = { cwd: "/nowhere" };
  const variables: RunOptions = { env: { A: "b" } };
  test.each([
    {
      from: "bash",
      to: "tcsh",
      what: "variables",
      options: variables,
      message: "Illegal variable name.",
    },
    { from: "bash", to: "tcsh", what: "directory", options: nowhere, message: "Illegal variable name." },
    { from: "tcsh", to: "bash", what: "variables", options: variables, message: "setenv: command not found" },
    { from: "tcsh", to: "bash", what: "directory", options: nowhere, message: "chdir: command not found" },
  ] as const)("$from to $to, $what", async ({ from, to, options, message }) => {
    await using account = await openUnixUser({ shell: shells.path(from) });
    const body = { ...hostOf(daemon.sshd), name: account.name, user: account.name };
    const { name: host } = await daemon.client.call("createHost", { body });
    expect((await daemon.run("echo $0", { host })).text()).toContain(from);
    await execute("usermod", ["--shell", shells.path(to), account.name]);
    // A login keeps the shell that the account had.
    for (const { id } of (await daemon.client.call("listConnections")).items) {
      await daemon.client.call("closeConnection", { params: { connection: id } });
    }
    const reading = await daemon.run("touch ran", { ...options, host });
    expect(reading.text("stderr")).toContain(message);
    expect(reading.complete.exitCode).not.toBe(0);
    expect(await readdir(account.home)).not.toContain("ran");
  });
});
