import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { readFile } from "node:fs/promises";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseKeyFile } from "../../../../../daemon/ssh/auth/key-file.ts";
import { openDirectory } from "../../../../support/directory.ts";

const run = promisify(execFile);

test.each(["RFC4716", "PEM", "PKCS8"])(
  "in the format %s an encrypted key is told from an open one",
  async (format) => {
    await using directory = await openDirectory();
    for (const passphrase of ["", "secret"]) {
      const path = directory.join(`key${passphrase}`);
      const type = ["-t", "rsa", "-b", "2048", "-m", format];
      await run("ssh-keygen", ["-q", ...type, "-N", passphrase, "-f", path]);
      const content = await readFile(path);
      expect(parseKeyFile(content)).toMatchObject({ kind: "private", encrypted: passphrase !== "" });
    }
  },
);

test("an encrypted key's public part is read from the key itself", async () => {
  await using directory = await openDirectory();
  const path = directory.join("key");
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "secret", "-f", path]);
  const publicKey = await readFile(`${path}.pub`, "utf8");
  expect(parseKeyFile(await readFile(path))).toEqual({
    kind: "private",
    encrypted: true,
    publicKey: Buffer.from(publicKey.split(" ")[1] ?? "", "base64"),
  });
});

test("no file content makes parsing a key throw", async () => {
  await using directory = await openDirectory();
  const path = directory.join("key");
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", path]);
  const good = await readFile(path);
  const mutants = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.tuple(fc.nat(good.length - 1), fc.nat(255)).map(([at, byte]) => {
      const mutant = Buffer.from(good);
      mutant[at] = byte;
      return mutant;
    }),
    fc.nat(good.length).map((length) => good.subarray(0, length)),
  );
  fc.assert(
    fc.property(mutants, (content) => {
      expect(["private", "public", "none"]).toContain(parseKeyFile(Buffer.from(content)).kind);
    }),
    { numRuns: 200 },
  );
});
