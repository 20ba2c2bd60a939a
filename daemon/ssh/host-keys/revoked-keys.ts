import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { UserFiles } from "../../core/user-files.ts";
import { runProgram } from "../../core/run-program.ts";
import { describeKey } from "./host-key.ts";
import { readPublicKey } from "./public-key.ts";

export interface RevokedKeysParts {
  readonly files: UserFiles;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where a key is written for `ssh-keygen` to read. */
  readonly directory: string;
}

/** Whether a key is in a list of revoked keys. `at`: "/etc/ssh/revoked:3", or the file alone for a KRL. */
export type Revocation =
  | { readonly kind: "free" }
  | { readonly kind: "revoked"; readonly at: string }
  /** A clause. OpenSSH then accepts no key, and neither does Hostrun. */
  | { readonly kind: "unknown"; readonly why: string };

const maxBytes = 16 * 1024 * 1024;
const krlMagic = Buffer.from("SSHKRL\n\0", "latin1");
const keygenTimeoutMs = 5000;

/**
 * Looks a host key up in a file of revoked keys (ssh_config(5), RevokedHostKeys): a list of public keys, or a KRL, which
 * `ssh-keygen` reads. Never rejects.
 */
export async function checkRevoked(path: string, key: Buffer, parts: RevokedKeysParts): Promise<Revocation> {
  const read = await parts.files.read(path, maxBytes);
  if (read.kind === "missing") return { kind: "unknown", why: `${path} is missing` };
  if (read.kind === "unreadable") return { kind: "unknown", why: `${path} cannot be read: ${read.why}` };
  const { bytes } = read;
  if (bytes.subarray(0, krlMagic.length).equals(krlMagic)) return checkKrl(path, key, parts);
  return checkList(path, key, bytes.toString("utf8"));
}

/** A line that is not a key invalidates the rest of the list (authfile.c, sshkey_in_file). */
function checkList(path: string, key: Buffer, text: string): Revocation {
  for (const [index, content] of text.split("\n").entries()) {
    const line = content.trim();
    if (line === "" || line.startsWith("#")) continue;
    const [keyType = "", base64 = ""] = line.split(/[ \t]+/);
    const revoked = readPublicKey(keyType, base64);
    const at = `${path}:${index + 1}`;
    if (revoked === undefined) return { kind: "unknown", why: `${at} is not a public key` };
    if (revoked.equals(key)) return { kind: "revoked", at };
  }
  return { kind: "free" };
}

async function checkKrl(path: string, key: Buffer, parts: RevokedKeysParts): Promise<Revocation> {
  let directory: string | undefined;
  try {
    directory = await mkdtemp(join(parts.directory, "host-key-"));
    const file = join(directory, "key.pub");
    await writeFile(file, `${describeKey(key).keyType} ${key.toString("base64")}\n`);
    const asked = await runProgram({
      file: "ssh-keygen",
      args: ["-Q", "-f", path, file],
      env: parts.environment,
      timeoutMs: keygenTimeoutMs,
      maxBytes: 4096,
    });
    if (asked.kind === "failed")
      return { kind: "unknown", why: `ssh-keygen cannot check ${path}: ${asked.why}` };
    if (asked.code === 0) return { kind: "free" };
    return asked.code === 1
      ? { kind: "revoked", at: path }
      : { kind: "unknown", why: `ssh-keygen cannot read ${path}` };
  } catch (failure) {
    const why = failure instanceof Error ? failure.message : String(failure);
    return { kind: "unknown", why: `${path} cannot be checked: ${why}` };
  } finally {
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  }
}
