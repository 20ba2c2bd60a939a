import * as fc from "fast-check";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { parseSshConfig } from "../../../../daemon/hosts/ssh-config.ts";
import { readSshConfig } from "../../../../daemon/hosts/ssh-config-file.ts";
import { openDirectory } from "../../../support/directory.ts";

const home = "/home/me";
const parse = (text: string) => parseSshConfig(text, home);

test("the first value that holds counts, patterns included", () => {
  const config = parse(`
Host web1 web2
  HostName %h.example.net
  Port 2222
Host web?
  Port 1
  User deploy
Host !web1 *
  IdentityFile ~/.ssh/others
Host *
  User nobody
  IdentityFile ~/keys/%r@%h
`);
  expect(config.aliases).toEqual(["web1", "web2"]);
  expect(config.host("web1")).toMatchObject({
    address: "web1.example.net",
    port: 2222,
    user: "deploy",
    identityFiles: ["/home/me/keys/deploy@web1.example.net"],
  });
  expect(config.host("web2")?.identityFiles).toEqual([
    "/home/me/.ssh/others",
    "/home/me/keys/deploy@web2.example.net",
  ]);
});

test("jumps are taken, and `none` is none", () => {
  const config = parse("Host a\n ProxyJump u@b:22,c\nHost d\n ProxyJump none\n ProxyCommand none\n");
  expect(config.host("a")?.jump).toEqual(["u@b:22", "c"]);
  expect(config.host("d")).toMatchObject({ jump: [], unsupported: undefined });
  expect(parse("Host e\n ProxyCommand nc %h %p\n").host("e")?.unsupported).toBe("ProxyCommand");
});

test.each([
  ["-x", "Host -x\n HostName h\n"],
  ["a;id", "Host a;id\n HostName h\n"],
  ["a", "Host a\n HostName $(id)\n"],
  ["a", "Host a\n HostName -oProxyCommand=x\n"],
  ["a", "Host a\n User `id`\n"],
  ["a", "Host a\n Port 99999\n"],
  ["a", "Host a\n ProxyJump a;id\n"],
])("what could not be used as it stands is not offered: %s of %j", (alias, text) => {
  const config = parse(text);
  expect(config.host(alias)).toBeUndefined();
  expect(config.aliases.filter((name) => config.host(name) !== undefined)).toEqual([]);
});

test("Match exec never runs", async () => {
  await using directory = await openDirectory();
  const canary = directory.join("canary");
  const config = parse(`Match exec "touch ${canary}"\n User evil\nHost a\n HostName h\n`);
  expect(config.host("a")?.user).toBeUndefined();
  await expect(import("node:fs/promises").then(({ stat }) => stat(canary))).rejects.toThrow("ENOENT");
});

test("no text makes it fail with anything but a failure of the text", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(fc.string(), fc.constantFrom("Host a", "\n", " HostName ", '"', "Match all", "=", "*")),
      ),
      (parts) => {
        try {
          const config = parse(parts.join(""));
          for (const alias of config.aliases) config.host(alias);
        } catch (failure) {
          expect(failure).toBeInstanceOf(Error);
        }
      },
    ),
  );
});

test("Include takes files, patterns and quotes, relative to ~/.ssh, and stops at a circle", async () => {
  await using directory = await openDirectory();
  const ssh = directory.join(".ssh");
  await mkdir(`${ssh}/conf.d`, { recursive: true });
  await writeFile(`${ssh}/config`, 'Include conf.d/*.conf "with space" nowhere\nInclude config\nHost own\n');
  await writeFile(`${ssh}/conf.d/b.conf`, "Host b\n");
  await writeFile(`${ssh}/conf.d/a.conf`, "include ~/.ssh/deeper\nHost a\n");
  await writeFile(`${ssh}/deeper`, "Host deeper\n");
  await writeFile(`${ssh}/with space`, "Host spaced\n");
  const text = readSshConfig(`${ssh}/config`, directory.path) ?? "";
  const { aliases } = parseSshConfig(text, directory.path);
  expect(aliases).toEqual(["deeper", "a", "b", "spaced", "own"]);
  expect(readSshConfig(`${ssh}/missing`, directory.path)).toBeUndefined();
  await symlink("/proc/self/mem", directory.join("odd"));
  expect(() => readSshConfig(ssh, directory.path)).toThrow(
    expect.objectContaining({ code: "invalid_request" }),
  );
});
