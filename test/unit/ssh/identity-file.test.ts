import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { readFile, writeFile } from "node:fs/promises";
import * as fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { isEncrypted, readIdentityFile } from "../../../daemon/ssh/identity-file.ts";
import { openDirectory } from "../../support/directory.ts";
import { openTestFiles } from "../../support/user-files.ts";

const run = promisify(execFile);
const files = openTestFiles();
afterAll(() => files[Symbol.dispose]());

test.each(["RFC4716", "PEM", "PKCS8"])(
  "in the format %s an encrypted key is told from an open one",
  async (format) => {
    await using directory = await openDirectory();
    for (const passphrase of ["", "secret"]) {
      const path = directory.join(`key${passphrase}`);
      const type = ["-t", "rsa", "-b", "2048", "-m", format];
      await run("ssh-keygen", ["-q", ...type, "-N", passphrase, "-f", path]);
      expect(isEncrypted(await readFile(path))).toBe(passphrase !== "");
      const file = await readIdentityFile(path, files);
      // ssh2 reads no open PKCS#8, and says so instead of being misled.
      const open = format === "PKCS8" ? "unreadable" : "key";
      expect(file.kind).toBe(passphrase === "" ? open : "encrypted");
    }
  },
);

test("an encrypted key's public part is read from the key itself", async () => {
  await using directory = await openDirectory();
  const path = directory.join("key");
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "secret", "-f", path]);
  const publicKey = await readFile(`${path}.pub`, "utf8");
  await writeFile(`${path}.pub`, "");
  expect(await readIdentityFile(path, files)).toMatchObject({
    kind: "encrypted",
    publicKey: Buffer.from(publicKey.split(" ")[1] ?? "", "base64"),
  });
});

test("no file content makes reading a key throw", async () => {
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
  await fc.assert(
    fc.asyncProperty(mutants, async (content) => {
      await writeFile(path, content);
      expect(["key", "encrypted", "unreadable", "public"]).toContain(
        (await readIdentityFile(path, files)).kind,
      );
    }),
    { numRuns: 200 },
  );
});
