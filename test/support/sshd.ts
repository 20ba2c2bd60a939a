import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { openDirectory } from "./directory.ts";
import { endProcesses, freePort, openServerProcess, type ServerProcess } from "./server-process.ts";
import { createKey, type SshKey, type SshKeyType } from "./ssh-key.ts";

export interface SshdOptions {
  /** Any address of 127.0.0.0/8 is this machine: many "hosts" at once. Default 127.0.0.1. */
  address?: string;
  /** Default: any free one. */
  port?: number;
  /** Host keys to be made, default ed25519 only; or keys made before, for a server that comes back. */
  hostKeys?: readonly (SshKeyType | SshKey)[];
  /** Public keys that may log in, beside `clientKey`. */
  authorizedKeys?: readonly string[];
  /** sshd_config(5): a later line never overrides an earlier one, so these stand first. */
  options?: Readonly<Record<string, string | number>>;
  /** Lines at the very end, for Match blocks. */
  match?: string;
  /** Commands, by root only, that make this host another one: run in a mount namespace of the server's own. */
  mounts?: readonly string[];
}

/** A real OpenSSH server on loopback. */
export interface Sshd extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  /** Of the listener. */
  readonly pid: number;
  /** The account that runs the tests. Any account of the machine can log in with the authorized keys. */
  readonly user: string;
  /** A key without passphrase that may log in. */
  readonly clientKey: SshKey;
  readonly hostKeys: readonly SshKey[];
  /** The lines of known_hosts that make this server known. */
  readonly knownHosts: string;
  /** At level DEBUG1 where `options` ask for it with LogLevel. */
  log(): string;
  /** The next line of the log that matches, also one from before. */
  line(pattern: RegExp): Promise<string>;
  authorize(publicKey: string): Promise<void>;
  /** Kills every session with its connection; the listener stays. */
  dropConnections(): Promise<void>;
}

/** Starts sshd with host keys, authorized_keys and a configuration of its own in a temporary directory. */
export async function openSshd(options: SshdOptions = {}): Promise<Sshd> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await openDirectory({ readable: true }));
  const address = options.address ?? "127.0.0.1";
  const hostKeys = await Promise.all(
    (options.hostKeys ?? ["ed25519"]).map(async (key, index) =>
      typeof key === "string" ? createKey(directory.join(`host_${index}_${key}`), key) : key,
    ),
  );
  const clientKey = await createKey(directory.join("client"));
  const authorized = directory.join("authorized_keys");
  await writeFile(authorized, [clientKey.publicKey, ...(options.authorizedKeys ?? []), ""].join("\n"));
  const config = [
    ...Object.entries(options.options ?? {}).map(([name, value]) => `${name} ${value}`),
    ...hostKeys.map((key) => `HostKey ${key.path}`),
    `AuthorizedKeysFile ${authorized}`,
    `PidFile none`,
    ...defaults,
    options.match ?? "",
    "",
  ].join("\n");
  if (userInfo().uid === 0) await mkdir("/run/sshd", { recursive: true, mode: 0o755 });
  const path = directory.join("sshd_config");
  const { server, port } = await start({ ...options, path, config, address });
  stack.use(server);
  const owned = stack.move();
  return {
    address,
    port,
    pid: server.pid,
    user: userInfo().username,
    clientKey,
    hostKeys,
    knownHosts: hostKeys.map((key) => `[${address}]:${port} ${key.publicKey}\n`).join(""),
    log: () => server.output(),
    line: (pattern) => server.line(pattern),
    authorize: (publicKey) => appendFile(authorized, `${publicKey}\n`),
    dropConnections: async () => endProcesses(await server.descendants()),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const defaults = [
  "StrictModes no",
  "UsePAM no",
  "PasswordAuthentication no",
  "KbdInteractiveAuthentication no",
  "PermitRootLogin yes",
  "PrintMotd no",
  "PrintLastLog no",
  "UseDNS no",
  "LogLevel VERBOSE",
  "Subsystem sftp internal-sftp",
  // Bash reads ~/.bashrc under sshd, unless another shell stands above it: what this machine's account has in
  // there must neither slow the tests down nor speak up in them.
  "SetEnv SHLVL=1",
];

interface Start extends Pick<SshdOptions, "port" | "mounts"> {
  readonly path: string;
  readonly config: string;
  readonly address: string;
}

async function start(how: Start): Promise<{ server: ServerProcess; port: number }> {
  const { path, config, address, mounts = [] } = how;
  const server = ["/usr/sbin/sshd", "-f", path, "-D", "-e"] as const;
  const line = [...mounts, 'exec "$@"'].join(" && ");
  const command =
    mounts.length === 0 ? server : (["unshare", "-m", "bash", "-c", line, "-", ...server] as const);
  for (let attempt = 1; ; attempt += 1) {
    const port = how.port ?? (await freePort(address));
    await writeFile(path, `ListenAddress ${address}:${port}\n${config}`);
    try {
      return { server: await openServerProcess(command, { ready: /^Server listening on / }), port };
    } catch (failure) {
      // Somebody else may have taken the free port meanwhile.
      if (how.port !== undefined || attempt === 3) throw failure;
    }
  }
}
