import { execFile } from "node:child_process";
import { chown, mkdir, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { type Directory, openDirectory } from "./directory.ts";
import { freePort, openServerProcess } from "./server-process.ts";
import { createKey, type SshKey } from "./ssh-key.ts";
import { openUnixUser } from "./unix-user.ts";

const run = promisify(execFile);

/** An SSH server that is not OpenSSH, on loopback. Needs root, for an account of its own to log in to. */
export interface OtherServer extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  /** An ordinary account with `clientKey` in its ~/.ssh/authorized_keys. */
  readonly user: string;
  readonly clientKey: SshKey;
  log(): string;
}

/** A real dropbear with an ed25519 host key of its own; `passwords`: it also takes those of the machine's accounts. */
export function openDropbear({ passwords = false } = {}): Promise<OtherServer> {
  return openOther(async (directory, port) => {
    const hostKey = directory.join("host_ed25519");
    await run("dropbearkey", ["-t", "ed25519", "-f", hostKey]);
    const keysOnly = passwords ? [] : ["-s"];
    return ["dropbear", "-F", "-E", ...keysOnly, "-r", hostKey, "-P", "", "-p", `127.0.0.1:${port}`];
  });
}

/**
 * A real tinysshd behind socat. It knows only ed25519, curve25519 and chacha20-poly1305; Debian 12's is older
 * than the strict key exchange.
 */
export function openTinysshd(): Promise<OtherServer> {
  return openOther(async (directory, port) => {
    const keys = directory.join("keys");
    await run("tinysshd-makekey", ["-q", keys]);
    const listen = `TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr,fork`;
    return ["socat", listen, `EXEC:tinysshd -v -- ${keys}`];
  });
}

async function openOther(
  prepare: (directory: Directory, port: number) => Promise<[string, ...string[]]>,
): Promise<OtherServer> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await openDirectory());
  const user = stack.use(await openUnixUser());
  const clientKey = await createKey(directory.join("client"));
  await authorize(user.name, user.home, clientKey);
  const address = "127.0.0.1";
  const port = await freePort();
  const command = await prepare(directory, port);
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
