import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);
const source = join(import.meta.dirname, "security-key.c");

export interface SecurityKey {
  /** The library for SecurityKeyProvider. */
  readonly provider: string;
  /** The file of the key's handle. */
  readonly identityFile: string;
  /** As a line of authorized_keys. */
  readonly publicKey: string;
  /** It signs from then on. */
  touch(): Promise<void>;
}

/** A FIDO security key in software with one ed25519 key, in this directory. */
export async function makeSecurityKey(directory: string): Promise<SecurityKey> {
  const provider = join(directory, "security-key.so");
  const identityFile = join(directory, "id_ed25519_sk");
  const { stdout: libraries } = await execute("/sbin/ldconfig", ["-p"]);
  const pathOf = (name: string): string => {
    const path = new RegExp(`^\\s*${name} .*=> (.*)$`, "m").exec(libraries)?.[1];
    if (path === undefined) throw new Error(`this machine has no ${name}`);
    return path;
  };
  const linked = ["libcrypto\\.so\\.3", "libc\\.so\\.6"].map(pathOf);
  const touched = join(directory, "touched");
  const defined = `-DTOUCH=${JSON.stringify(touched)}`;
  await execute("tcc", ["-shared", "-nostdlib", defined, "-o", provider, source, ...linked]);
  const options = ["-t", "ed25519-sk", "-w", provider, "-N", "", "-f", identityFile];
  await execute("ssh-keygen", ["-q", ...options]);
  const publicKey = (await readFile(`${identityFile}.pub`, "utf8")).trim();
  return { provider, identityFile, publicKey, touch: () => writeFile(touched, "") };
}
