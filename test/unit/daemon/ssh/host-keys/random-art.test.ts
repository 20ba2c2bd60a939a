import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { keyBits } from "../../../../../daemon/ssh/host-keys/host-key.ts";
import { randomArt } from "../../../../../daemon/ssh/host-keys/random-art.ts";
import { openDirectory } from "../../../../support/directory.ts";

test.each([
  ["ed25519", 256],
  ["ed25519", 256],
  ["ed25519", 256],
  ["ecdsa", 256],
  ["ecdsa", 384],
  ["ecdsa", 521],
  ["rsa", 2048],
  ["rsa", 3072],
])("a key of type %s and %i bits is drawn as ssh-keygen draws it", async (type, bits) => {
  await using directory = await openDirectory();
  const path = directory.join("key");
  const size = type === "ed25519" ? [] : ["-b", String(bits)];
  const keygen = promisify(execFile);
  await keygen("ssh-keygen", ["-q", "-t", type, ...size, "-N", "", "-f", path]);
  const { stdout: publicKey } = await keygen("ssh-keygen", ["-y", "-f", path]);
  const { stdout: drawn } = await keygen("ssh-keygen", ["-lv", "-f", path]);
  const key = Buffer.from(publicKey.split(" ")[1] ?? "", "base64");
  expect(randomArt(key)).toBe(drawn.split("\n").slice(1, 12).join("\n"));
  expect(keyBits(key)).toBe(bits);
});
