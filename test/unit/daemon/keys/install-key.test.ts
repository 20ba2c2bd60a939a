import { execFile } from "node:child_process";
import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { installCommand } from "../../../../daemon/keys/install-key.ts";
import { openDirectory } from "../../../support/directory.ts";
import { createKey } from "../../../support/ssh-key.ts";
import { openShells, shellNames } from "../../../support/shells.ts";

const run = promisify(execFile);

const key = {
  type: "ssh-ed25519",
  publicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBKp8bS0v+wA/qTPQH4fD0s1q0YxLw2oB6p9vYQ3uVZR",
  comment: "me@here",
};
const line = `${key.publicKey} ${key.comment}\n`;

async function install(home: string, which = key, shell = "/bin/sh"): Promise<string> {
  const { stdout } = await run(shell, ["-c", installCommand(which)], { env: { ...process.env, HOME: home } });
  return stdout.trim();
}

test.each(shellNames)("a key is added once where %s is the login shell", async (name) => {
  await using shells = await openShells();
  await using home = await openDirectory();
  const shell = shells.path(name);
  expect(await install(home.path, key, shell)).toBe("hostrun-key:added");
  expect(await install(home.path, key, shell)).toBe("hostrun-key:present");
  expect(await readFile(home.join(".ssh/authorized_keys"), "utf8")).toBe(line);
  expect((await stat(home.join(".ssh"))).mode & 0o777).toBe(0o700);
  expect((await stat(home.join(".ssh/authorized_keys"))).mode & 0o777).toBe(0o600);
});

test.each([
  ["a file without an end of its last line", "ssh-rsa AAAA other", `ssh-rsa AAAA other\n${line}`, "added"],
  ["an empty file", "", line, "added"],
  ["a comment with the key", `  # ${line}`, `  # ${line}${line}`, "added"],
  ["a longer key", `${key.publicKey}AAAA x\n`, `${key.publicKey}AAAA x\n${line}`, "added"],
  ["the key with options", `no-pty,command="a b" ${line}`, `no-pty,command="a b" ${line}`, "present"],
  ["the key alone, without an end", key.publicKey, key.publicKey, "present"],
  ["the key with a star before it", `* ${line}`, `* ${line}`, "present"],
])("in %s nothing else changes", async (_what, before, after, answer) => {
  await using home = await openDirectory();
  await mkdir(home.join(".ssh"), { mode: 0o700 });
  await writeFile(home.join(".ssh/authorized_keys"), before);
  expect(await install(home.path)).toBe(`hostrun-key:${answer}`);
  expect(await readFile(home.join(".ssh/authorized_keys"), "utf8")).toBe(after);
});

test("what others may write to is closed to them, which sshd would not read otherwise", async () => {
  await using home = await openDirectory();
  const file = home.join(".ssh/authorized_keys");
  await mkdir(home.join(".ssh"));
  await writeFile(file, "");
  for (const before of ["added", "present"]) {
    await chmod(home.join(".ssh"), 0o777);
    await chmod(file, 0o666);
    expect(await install(home.path)).toBe(`hostrun-key:${before}`);
    expect((await stat(home.join(".ssh"))).mode & 0o777).toBe(0o755);
    expect((await stat(file)).mode & 0o777).toBe(0o644);
  }
});

test("a key whose base64 ends in = comes as it is, and a comment is no command", async () => {
  await using home = await openDirectory();
  await using directory = await openDirectory();
  const rsa = await createKey(directory.join("rsa"), "rsa", "", 3072);
  const [type = "", base64 = ""] = rsa.publicKey.split(" ");
  const hostile = `$(touch ${home.join("canary")}) ' ; \n !x`;
  const given = { type, publicKey: `${type} ${base64}== x`, comment: hostile };
  expect(await install(home.path, given)).toBe("hostrun-key:added");
  const [entry = ""] = (await readFile(home.join(".ssh/authorized_keys"), "utf8")).split("\n");
  expect(entry).toMatch(/^ssh-rsa \S+ [A-Za-z0-9/._@+-]+$/);
  expect(entry).toContain(`${base64}==`);
  await expect(stat(home.join("canary"))).rejects.toMatchObject({ code: "ENOENT" });
});

test("what cannot be written is told apart", async () => {
  await using home = await openDirectory();
  expect(await install(home.join("nowhere"))).toBe("hostrun-key:home");
  await writeFile(home.join(".ssh"), "no directory");
  expect(await install(home.path)).toBe("hostrun-key:directory");
});
