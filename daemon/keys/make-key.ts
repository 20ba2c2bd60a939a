import { link, mkdir, mkdtemp, rm, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { NewKey } from "../../protocol/key.ts";
import { Problem } from "../../protocol/problem.ts";
import type { KeyType } from "../../protocol/settings.ts";
import { visibleClause, visibleLines } from "../../protocol/visible.ts";
import { errorCode } from "../../state-directory/error-code.ts";
import { runProgram } from "../core/run-program.ts";

export interface MakeKeyOptions {
  /** ~/.ssh; created with mode 0700 if it does not exist. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly defaultType: KeyType;
}

/** A large RSA key takes a while on a slow machine. */
const timeoutMs = 60_000;

/**
 * Creates a key pair with `ssh-keygen`; it appears under its name atomically. Returns the path of the private key.
 * Throws `conflict` if either name is taken, `key_not_made` otherwise.
 */
export async function makeKey(request: NewKey, options: MakeKeyOptions): Promise<string> {
  const { directory, environment, defaultType } = options;
  const type = request.type ?? defaultType;
  const path = join(directory, request.name ?? `id_${type}`);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  // For an existing file, ssh-keygen asks whether to overwrite it, and would read the passphrase as the answer.
  const made = await mkdtemp(join(directory, ".hostrun-"));
  try {
    const passphrase = Buffer.from(`${request.passphrase}\n${request.passphrase}\n`);
    const comment = request.comment === undefined ? [] : ["-C", request.comment];
    const ran = await runProgram({
      file: "ssh-keygen",
      args: ["-q", "-t", type, ...comment, "-f", join(made, "key")],
      // Without a terminal and an askpass program, it reads the passphrase from standard input.
      env: { ...environment, SSH_ASKPASS_REQUIRE: "never", DISPLAY: undefined, WAYLAND_DISPLAY: undefined },
      timeoutMs,
      maxBytes: 65_536,
      input: passphrase,
    });
    passphrase.fill(0);
    if (ran.kind === "failed") throw notMade(ran.why);
    if (ran.code !== 0)
      throw notMade(visibleClause(visibleLines(ran.stderr)) || `it ended with status ${ran.code}`);
    await putInPlace(join(made, "key"), path);
    return path;
  } finally {
    await rm(made, { recursive: true, force: true });
  }
}

/** A link is created only if the name is free, so nothing is ever overwritten. */
async function putInPlace(made: string, path: string): Promise<void> {
  try {
    await link(`${made}.pub`, `${path}.pub`);
  } catch (failure) {
    throw taken(`${path}.pub`, failure);
  }
  try {
    await link(made, path);
  } catch (failure) {
    await unlink(`${path}.pub`);
    throw taken(path, failure);
  }
}

function taken(path: string, failure: unknown): unknown {
  if (errorCode(failure) !== "EEXIST") return failure;
  return new Problem("conflict", `${path} is there already, and is left as it is. Choose another name.`);
}

function notMade(why: string): Problem {
  return new Problem("key_not_made", `ssh-keygen could not make a key: ${why}.`);
}
