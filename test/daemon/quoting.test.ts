import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { quote } from "../../daemon/runs/command/quoting.ts";
import { awkwardText } from "../support/awkward-text.ts";
import { openDirectory } from "../support/directory.ts";
import { openHostedDaemon } from "../support/hosted-daemon.ts";

// A home directory without start files: this machine's account may have slow ones, or ones that speak.
const directory = await openDirectory();
const daemon = await openHostedDaemon({
  home: directory.path,
  sshd: { options: { SetEnv: `HOME=${directory.path} SHLVL=1` } },
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
});

/** Pieces of commands whose output is known, with the value between them. */
const templates = [
  (value: string) => `printf %s ${quote(value)}`,
  (value: string) => `x=${quote(value)}\nprintf %s "$x"`,
  (value: string) =>
    `printf %s "$(printf %sz ${quote(value)})" | sed '$ s/z$//' | head -c ${Buffer.byteLength(value)}`,
  (value: string) => `f() { printf %s "$1"; }; f ${quote(value)} # a comment, it's "one"`,
  (value: string) => `if true; then\n  printf '%s' ${quote(value)}\nfi`,
  (value: string) => `for word in ${quote(value)}; do printf %s "$word"; done`,
];

describe("through web1", () => {
  test.each([
    ["as it is", {}],
    ["with useBash", { useBash: true }],
    ["with loginShell", { loginShell: true }],
    ["with both", { useBash: true, loginShell: true }],
  ])("any command comes through unharmed, %s", { timeout: 60_000 }, async (_what, options) => {
    await fc.assert(
      fc.asyncProperty(awkwardText, fc.constantFrom(...templates), async (value, template) => {
        const reading = await daemon.run(template(value), options);
        expect(reading.text("stderr")).toBe("");
        expect(reading.text()).toBe(value);
        expect(reading.complete.exitCode).toBe(0);
      }),
      { numRuns: 75 },
    );
  });

  test("any environment comes through unharmed", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(awkwardText, awkwardText, fc.boolean(), async (first, second, useBash) => {
        const command = `printf '%s\\0%s' "$FIRST" "$_2ND"`;
        const reading = await daemon.run(command, { useBash, env: { FIRST: first, _2ND: second } });
        expect(reading.text()).toBe(`${first}\0${second}`);
      }),
      { numRuns: 75 },
    );
  });

  test.each(["plain", "with space", "it's", "-n", "$HOME", "`id`", "a\nb", "é€😀", "!x", "back\\slash", '"'])(
    "a working directory %j is the one",
    async (name) => {
      await daemon.run('mkdir -p -- "$D"', { env: { D: `${daemon.home}/dirs/${name}` } });
      for (const useBash of [false, true]) {
        const reading = await daemon.run("pwd; echo x > made-here", {
          useBash,
          cwd: `${daemon.home}/dirs/${name}`,
        });
        expect(reading.text()).toBe(`${daemon.home}/dirs/${name}\n`);
      }
    },
  );

  test("a working directory in the home directory, or none, is found", async () => {
    const home = (await daemon.run("cd ~; pwd")).text();
    expect((await daemon.run("pwd", { cwd: "~" })).text()).toBe(home);
    const made = await daemon.run("mktemp -d ~/hostrun-XXXXXX");
    const name = made.text().trim().split("/").at(-1) ?? "";
    try {
      expect((await daemon.run("pwd", { cwd: `~/${name}` })).text()).toBe(made.text());
    } finally {
      await daemon.run('rmdir ~/"$N"', { env: { N: name } });
    }
    const missing = await daemon.run("echo never", { cwd: "/nowhere/at all" });
    expect(missing.text()).toBe("");
    expect(missing.complete.exitCode).not.toBe(0);
    expect(missing.text("stderr")).toContain("/nowhere/at all");
  });

  test("useBash is bash, without job control, and keeps exit status and signals", async () => {
    const reading = await daemon.run('echo "${BASH_VERSION%%.*}"; [[ $- == *m* ]] || echo no jobs; exit 7', {
      useBash: true,
    });
    expect(reading.text()).toMatch(/^\d+\nno jobs\n$/);
    expect(reading.complete.exitCode).toBe(7);
    const killed = await daemon.run("kill -TERM $$", { useBash: true });
    expect(killed.complete).toMatchObject({ exitCode: null, signal: "TERM" });
  });

  test("loginShell reads the login files", async () => {
    const command = 'shopt -q login_shell && echo login || echo "no login"';
    expect((await daemon.run(command, { loginShell: true })).text()).toBe("login\n");
    expect((await daemon.run(command, { loginShell: true, useBash: true })).text()).toBe("login\n");
    expect((await daemon.run(command)).text()).toBe("no login\n");
  });
});
