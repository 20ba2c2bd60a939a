import { execFile } from "node:child_process";
import { chown, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Directory, openDirectory } from "./directory.ts";
import { freePort, openServerProcess } from "./server-process.ts";
import { createKey, type SshKey } from "./ssh-key.ts";
import { openPasswordUser } from "./password-user.ts";
import { openUnixUser, type UnixUser } from "./unix-user.ts";

const run = promisify(execFile);
const programs = join(import.meta.dirname, "interoperability");

/** An SSH server that is not OpenSSH, on loopback. Needs root, for an account of its own to log in to. */
export interface OtherServer extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  /** An ordinary account with `clientKey` in its ~/.ssh/authorized_keys. */
  readonly user: string;
  readonly clientKey: SshKey;
  log(): string;
}

/**
 * A real dropbear with an ed25519 host key of its own; with `passwords` it also takes those of the machine's accounts. A
 * `password` is its account's.
 */
export function openDropbear({
  password,
  passwords = password !== undefined,
}: {
  readonly password?: string;
  readonly passwords?: boolean;
} = {}): Promise<OtherServer> {
  return openOther(async ({ directory, port }) => {
    const hostKey = directory.join("host_ed25519");
    await run("dropbearkey", ["-t", "ed25519", "-f", hostKey]);
    const keysOnly = passwords ? [] : ["-s"];
    return ["dropbear", "-F", "-E", ...keysOnly, "-r", hostKey, "-P", "", "-p", `127.0.0.1:${port}`];
  }, password);
}

/**
 * A real tinysshd behind socat. It knows only ed25519, curve25519 and chacha20-poly1305; Debian 12's is older
 * than the strict key exchange.
 */
export function openTinysshd(): Promise<OtherServer> {
  return openOther(async ({ directory, port }) => {
    const keys = directory.join("keys");
    await run("tinysshd-makekey", ["-q", keys]);
    const listen = `TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr,fork`;
    return ["socat", listen, `EXEC:tinysshd -v -- ${keys}`];
  });
}

/** A server made with a library: it takes the key, the password, and the password as an answer to "Code:". */
export function openLibraryServer(
  library: "asyncssh" | "paramiko" | "libssh",
  password: string,
): Promise<OtherServer> {
  return openOther(async ({ directory, port, user }) => {
    const hostKey = await createKey(directory.join("host"));
    const authorizedKeys = join(user.home, ".ssh/authorized_keys");
    const program = library === "libssh" ? await compileLibsshServer(directory) : python(library);
    return [...program, String(port), hostKey.path, user.name, authorizedKeys, password];
  }, password);
}

/** Debian's packages are Debian's Python's. */
function python(library: string): [string, ...string[]] {
  return ["/usr/bin/python3", "-W", "ignore", join(programs, `${library}-server.py`)];
}

async function compileLibsshServer(directory: Directory): Promise<[string]> {
  const program = directory.join("libssh-server");
  await run("tcc", ["-o", program, join(programs, "libssh-server.c"), "-lssh"]);
  return [program];
}

interface Place {
  readonly directory: Directory;
  readonly port: number;
  readonly user: UnixUser;
}

async function openOther(
  prepare: (place: Place) => Promise<[string, ...string[]]>,
  password?: string,
): Promise<OtherServer> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await openDirectory());
  const user = stack.use(await (password === undefined ? openUnixUser() : openPasswordUser(password)));
  const clientKey = await createKey(directory.join("client"));
  await authorize(user.name, user.home, clientKey);
  const address = "127.0.0.1";
  const port = await freePort();
  const command = await prepare({ directory, port, user });
  const server = stack.use(await openServerProcess(command, { address, port }));
  const owned = stack.move();
  return {
    address,
    port,
    user: user.name,
    clientKey,
    log: () => server.output(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Such servers know no other place for authorized_keys, and look at its owner and mode. */
async function authorize(user: string, home: string, key: SshKey): Promise<void> {
  const { stdout } = await run("id", ["-u", user]);
  const uid = Number(stdout);
  await mkdir(`${home}/.ssh`, { mode: 0o700 });
  await writeFile(`${home}/.ssh/authorized_keys`, `${key.publicKey}\n`, { mode: 0o600 });
  await chown(`${home}/.ssh`, uid, uid);
  await chown(`${home}/.ssh/authorized_keys`, uid, uid);
}
