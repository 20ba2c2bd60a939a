import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

export type SshKeyType = "ed25519" | "rsa" | "ecdsa";

/** A key pair in files that `ssh-keygen` made. */
export interface SshKey {
  /** Of the private key; the public one is beside it with `.pub`. */
  readonly path: string;
  /** One line as in authorized_keys, e.g. "ssh-ed25519 AAAA… comment". */
  readonly publicKey: string;
  /** "SHA256:…", as `ssh-keygen -lf` says. */
  readonly fingerprint: string;
}

/** Makes the key pair `path` and `path`.pub; with a passphrase the private key is encrypted. `rsaBits`: not below 1024. */
export async function createKey(
  path: string,
  type: SshKeyType = "ed25519",
  passphrase = "",
  rsaBits = 2048,
): Promise<SshKey> {
  const bits = type === "rsa" ? ["-b", String(rsaBits)] : [];
  await run("ssh-keygen", ["-q", "-t", type, ...bits, "-N", passphrase, "-C", `test-${type}`, "-f", path]);
  return {
    path,
    publicKey: (await readFile(`${path}.pub`, "utf8")).trim(),
    fingerprint: await fingerprintOf(`${path}.pub`),
  };
}

/** The fingerprint of a public key file, in ssh-keygen's own words. */
export async function fingerprintOf(path: string): Promise<string> {
  const { stdout } = await run("ssh-keygen", ["-lf", path]);
  return stdout.split(" ")[1] ?? "";
}
