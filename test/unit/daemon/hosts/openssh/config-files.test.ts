import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { execFileSync } from "node:child_process";
import { afterAll, expect, test } from "vitest";
import { systemClock } from "../../../../../daemon/core/clock.ts";
import type { UserFiles } from "../../../../../daemon/core/user-files.ts";
import { ConfigFiles } from "../../../../../daemon/hosts/openssh/config-files.ts";
import { type Directory, openDirectory } from "../../../../support/directory.ts";
import { containing } from "../../../../support/matching.ts";
import { openTestFiles } from "../../../../support/user-files.ts";

const files = openTestFiles();
afterAll(() => files[Symbol.dispose]());

/** A home directory with these files in .ssh; `config` is the one that is read. */
async function openHome(contents: Readonly<Record<string, string>>) {
  const directory = await openDirectory();
  const ssh = directory.join(".ssh");
  await mkdir(`${ssh}/conf.d`, { recursive: true });
  for (const [name, text] of Object.entries(contents)) await writeFile(`${ssh}/${name}`, text);
  return { ...directory, ssh, config: configIn(directory) };
}

function configIn(directory: Directory, asked: Pick<UserFiles, "reread" | "list"> = files): ConfigFiles {
  return new ConfigFiles([directory.join(".ssh/config")], {
    files: { ...files, ...asked },
    clock: systemClock,
    home: directory.path,
  });
}

async function aliasesOf(config: ConfigFiles): Promise<string[]> {
  return [...(await config.load()).config.aliases.keys()];
}

test("Include takes files, patterns and quotes, relative to ~/.ssh, in place and in order", async () => {
  await using home = await openHome({
    config: 'Host first\nInclude conf.d/*.conf "with space" nowhere\nHost own\n',
    "conf.d/b.conf": "Host b\n",
    "conf.d/a.conf": "# what is deeper\ninclude ~/.ssh/deeper\nHost a\n",
    "conf.d/.hidden.conf": "Host hidden\n",
    "conf.d/other": "Host other\n",
    deeper: "Host deeper\n",
    "with space": "Host spaced\n",
  });
  expect(await aliasesOf(home.config)).toEqual(["first", "own"]);
  await writeFile(`${home.ssh}/config`, 'Include conf.d/*.conf "with space" nowhere\nHost own\n');
  expect(await aliasesOf(home.config)).toEqual(["deeper", "a", "b", "spaced", "own"]);
  expect((await home.config.load()).config.aliases.get("a")).toEqual({
    name: "a",
    file: `${home.ssh}/conf.d/a.conf`,
    line: 3,
  });
});

test("what is included in a Host block names its hosts only", async () => {
  await using home = await openHome({
    config: "Host web1 gate\n Include conf.d/*\nHost other\n Include conf.d/*\nMatch host x\n Include c\n",
    "conf.d/a": "Host gate unreachable\n HostName 10.0.0.1\nHost *\n ProxyJump none\n",
    c: "Host perhaps\n",
  });
  expect(await aliasesOf(home.config)).toEqual(["web1", "gate", "other", "perhaps"]);
});

test("directories are empty, circles end, and what is not there is passed over", async () => {
  await using home = await openHome({
    config: "Include config conf.d conf.d/* loop nowhere/*\nHost own\n",
    "conf.d/a": "Include ~/.ssh/config ~/.ssh/b\nHost a\n",
    b: "Include conf.d/a b\nHost b\n",
  });
  await symlink("config", `${home.ssh}/loop`);
  await mkdir(`${home.ssh}/conf.d/folder`);
  const aliases = await aliasesOf(home.config);
  expect(new Set(aliases)).toEqual(new Set(["own", "a", "b"]));
  await rm(`${home.ssh}/config`);
  expect(await home.config.load()).toMatchObject({ trees: [] });
});

test("files that include one another without end are refused before they have been read without end", async () => {
  const names = Array.from({ length: 16 }, (_, index) => `f${index}`);
  const contents = names.map((name, index): [string, string] => [
    name,
    `Include f${index + 1} ./f${index + 1}\nHost h${index}\n`,
  ]);
  await using home = await openHome({ ...Object.fromEntries(contents), config: "Include f0\n" });
  await expect(home.config.load()).rejects.toMatchObject({
    code: "invalid_request",
    message: containing("more than 2000 files"),
  });
});

test.each<[string, (path: string) => unknown, string]>([
  ["a FIFO", (path) => execFileSync("mkfifo", [path]), "it is a FIFO"],
  ["a device", (path) => symlink("/dev/zero", path), "it is a device"],
  ["3 GB", (path) => execFileSync("truncate", ["-s", "3G", path]), "it is larger than 4 MiB"],
])("%s is refused by its name, as the config and as a part of it", async (_what, make, why) => {
  await using home = await openHome({});
  await make(`${home.ssh}/odd`);
  await writeFile(`${home.ssh}/config`, "Include odd\nHost a\n");
  const refusal = {
    code: "invalid_request",
    message: containing(`${home.ssh}/odd cannot be used: ${why}`),
  };
  await expect(home.config.load()).rejects.toMatchObject(refusal);
  await rename(`${home.ssh}/odd`, `${home.ssh}/config`);
  await expect(home.config.load()).rejects.toMatchObject({
    message: containing(`${home.ssh}/config cannot be used: ${why}`),
  });
});

test("files are taken in again when one of them changes, comes or goes, and only then", async () => {
  await using home = await openHome({
    config: "Include conf.d/*.conf\nHost own\n",
    "conf.d/a.conf": "Host a\n",
  });
  const first = await home.config.load();
  expect(await home.config.load()).toBe(first);
  await writeFile(`${home.ssh}/conf.d/b.conf`, "Host b\n");
  expect(await aliasesOf(home.config)).toEqual(["a", "b", "own"]);
  await writeFile(`${home.ssh}/conf.d/a.conf`, "Host c\n");
  expect(await aliasesOf(home.config)).toEqual(["c", "b", "own"]);
  await rm(`${home.ssh}/conf.d/a.conf`);
  expect(await aliasesOf(home.config)).toEqual(["b", "own"]);
  const last = await Promise.all([home.config.load(), home.config.load()]);
  expect(last[0]).toBe(last[1]);
});

test("what was read the last time is asked for at once, before anything is answered", async () => {
  await using home = await openHome({
    config: "Include conf.d/*.conf deeper\n",
    "conf.d/a.conf": "Host a\n",
    deeper: "Include conf.d/a.conf\n",
  });
  let asked: string[] = [];
  const config = configIn(home, {
    reread: (path, ...rest) => {
      asked.push(path);
      return files.reread(path, ...rest);
    },
    list: (path, maxNames) => {
      asked.push(path);
      return files.list(path, maxNames);
    },
  });
  await config.load();
  const all = asked;
  asked = [];
  const loading = config.load();
  const atOnce = [...asked];
  await loading;
  expect(new Set(atOnce)).toEqual(new Set(all));
  expect(asked).toEqual(atOnce);
});

test.each([
  ["*.conf", ["a.conf", "b.conf"]],
  ["?.conf", ["a.conf", "b.conf"]],
  ["[a]*", ["a.conf", "abc"]],
  ["[!a]*", ["b.conf"]],
  ["[a-b].conf", ["a.conf", "b.conf"]],
  ["a\\*", ["a*"]],
  [".h*", [".hidden"]],
  ["*/../*c", ["abc"]],
])("the pattern %s names what glob names", async (pattern, expected) => {
  const names = ["a.conf", "b.conf", "abc", ".hidden", ...(pattern === "a\\*" ? ["a*"] : [])];
  await using home = await openHome({ config: `Include "conf.d/${pattern}"\n` });
  for (const [index, name] of names.entries())
    await writeFile(`${home.ssh}/conf.d/${name}`, `Host h${index}\n`);
  if (pattern.startsWith("*/")) await mkdir(`${home.ssh}/conf.d/sub`);
  const aliases = expected.map((name) => `h${names.indexOf(name)}`);
  expect(await aliasesOf(home.config)).toEqual(aliases);
});
