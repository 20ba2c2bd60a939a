import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import { type Directory, openDirectory } from "../directory.ts";
import { type OtherServer, openDropbear, openLibraryServer, openTinysshd } from "../other-servers.ts";
import { OneTimeCodes } from "../one-time-codes.ts";
import { openPasswordUser } from "../password-user.ts";
import { createKey, type SshKey } from "../ssh-key.ts";
import { openSshd, type SshdOptions } from "../sshd.ts";

/** Of every account, and the answer to all questions of keyboard-interactive but that for a one-time code. */
const password = "correct horse";

/** A server of the matrix, as a person has it in ~/.ssh/config and ~/.ssh/known_hosts. */
export interface MatrixServer extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Lines of a Host block beside these. */
  readonly config: readonly string[];
  /** Lines of known_hosts; without any the key is taken as new. */
  readonly knownHosts?: string;
  /** What answers a question of keyboard-interactive or of a password. */
  answer(label: string): string;
}

/** By their names in the matrix. */
export const serverPrograms: Readonly<Record<string, () => Promise<MatrixServer>>> = {
  OpenSSH: () => openOpenSsh(),
  "OpenSSH, key and password": () =>
    openOpenSsh({ options: { AuthenticationMethods: "publickey,password" } }),
  "OpenSSH, key and PAM": () =>
    openOpenSsh({ options: { AuthenticationMethods: "publickey,keyboard-interactive:pam" } }),
  "OpenSSH, PAM with one-time codes": () => openWithCodes(),
  "OpenSSH, MaxSessions 1": () => openOpenSsh({ options: { MaxSessions: 1 } }),
  "OpenSSH, MaxAuthTries 2": () =>
    openOpenSsh({ options: { MaxAuthTries: 2 } }, async ({ directory, key }) => {
      const stranger = await createKey(directory.join("stranger"));
      return { config: [`IdentityFile ${stranger.path}`, `IdentityFile ${key.path}`] };
    }),
  "OpenSSH, RequiredRSASize 3072": () => openWithLargeRsa(),
  "OpenSSH, ForceCommand that runs the command": () =>
    openOpenSsh({ match: 'Match all\nForceCommand exec bash -c "$SSH_ORIGINAL_COMMAND"' }),
  "OpenSSH, ForceCommand": () => openOpenSsh({ match: "Match all\nForceCommand echo forced; exit 4" }),
  "OpenSSH, ChrootDirectory": () => openOpenSsh({ options: { ChrootDirectory: "/mnt" }, mounts: jail }),
  "OpenSSH, certificates": () => openWithCertificates(),
  dropbear: async () => other(await openDropbear({ password })),
  tinysshd: async () => other(await openTinysshd()),
  asyncssh: async () => other(await openLibraryServer("asyncssh", password)),
  paramiko: async () => other(await openLibraryServer("paramiko", password)),
  libssh: async () => other(await openLibraryServer("libssh", password)),
};

/** Of this machine in a memory file system of the server's own mount namespace; without /proc, as jails mostly are. */
const jail = [
  "mount -t tmpfs -o mode=755 tmpfs /mnt",
  "mkdir /mnt/var && mkdir -m 1777 /mnt/var/tmp",
  `for path in /usr /dev /etc /home ${tmpdir()}; do mkdir -p /mnt$path && mount --bind $path /mnt$path; done`,
  "for name in bin lib lib64; do ln -s usr/$name /mnt/$name; done",
];

interface Parts {
  readonly directory: Directory;
  readonly key: SshKey;
  readonly user: string;
}

type Known = Pick<MatrixServer, "config"> & { readonly knownHosts?: (port: number) => string };

/** As Debian sets it up: with passwords and PAM, beside the key. */
async function openOpenSsh(
  sshd: SshdOptions = {},
  prepare: (parts: Parts) => Promise<Known> = async ({ key }) => ({ config: [`IdentityFile ${key.path}`] }),
): Promise<MatrixServer> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await openDirectory({ readable: true }));
  const user = stack.use(await openPasswordUser(password));
  const key = await createKey(directory.join("client"));
  const known = await prepare({ directory, key, user: user.name });
  const debian = {
    UsePAM: "yes",
    PasswordAuthentication: "yes",
    KbdInteractiveAuthentication: "yes",
    // In place of SHLVL=1: start files are to be read, as they are on a host of anybody's.
    SetEnv: "HOSTRUN_TEST=1",
  };
  const server = stack.use(
    await openSshd({
      authorizedKeys: [key.publicKey],
      ...sshd,
      options: { ...sshd.options, ...debian },
    }),
  );
  const owned = stack.move();
  return {
    address: server.address,
    port: server.port,
    user: user.name,
    config: known.config,
    knownHosts: known.knownHosts?.(server.port) ?? server.knownHosts,
    answer: () => password,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** With a key that is too short, and one that is not. */
async function openWithLargeRsa(): Promise<MatrixServer> {
  const directory = await openDirectory();
  const small = await createKey(directory.join("small"), "rsa");
  const large = await createKey(directory.join("large"), "rsa", "", 3072);
  const server = await openOpenSsh(
    { options: { RequiredRSASize: 3072 }, authorizedKeys: [small.publicKey, large.publicKey] },
    async () => ({ config: [small, large].map(({ path }) => `IdentityFile ${path}`) }),
  );
  return owning(server, directory);
}

/** Where only certificates count, the user's and the host's. */
async function openWithCertificates(): Promise<MatrixServer> {
  const directory = await openDirectory({ readable: true });
  const authority = await createKey(directory.join("authority"));
  const hostKey = await createKey(directory.join("host"));
  await sign(authority, hostKey, ["-h", "-n", "127.0.0.1"]);
  const options = {
    TrustedUserCAKeys: `${authority.path}.pub`,
    HostCertificate: `${hostKey.path}-cert.pub`,
  };
  const server = await openOpenSsh(
    { options, hostKeys: [hostKey], authorizedKeys: [] },
    async ({ key, user }) => {
      await sign(authority, key, ["-n", user]);
      return {
        config: [`IdentityFile ${key.path}`, `CertificateFile ${key.path}-cert.pub`],
        knownHosts: (port) => `@cert-authority [127.0.0.1]:${port} ${authority.publicKey}\n`,
      };
    },
  );
  return owning(server, directory);
}

/** Where PAM asks for the password and for a one-time code. */
async function openWithCodes(): Promise<MatrixServer> {
  const directory = await openDirectory({ readable: true });
  const codes = await OneTimeCodes.open(directory);
  const server = await openOpenSsh(codes.sshd, async ({ key, user }) => {
    await codes.enroll(user);
    return { config: [`IdentityFile ${key.path}`] };
  });
  const answer = (label: string): string => (label.startsWith(OneTimeCodes.label) ? codes.next() : password);
  return { ...owning(server, directory), answer };
}

async function sign(authority: SshKey, key: SshKey, how: readonly string[]): Promise<void> {
  const args = ["-q", "-s", authority.path, "-I", "test", ...how, `${key.path}.pub`];
  await promisify(execFile)("ssh-keygen", args);
}

function owning(server: MatrixServer, directory: Directory): MatrixServer {
  const owned = new AsyncDisposableStack();
  owned.use(directory);
  owned.use(server);
  return { ...server, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function other(server: OtherServer): MatrixServer {
  return {
    ...server,
    config: [`IdentityFile ${server.clientKey.path}`, "StrictHostKeyChecking accept-new"],
    answer: () => password,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
