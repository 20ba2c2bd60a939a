import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openDirectory } from "./directory.ts";
import { knowHosts } from "./hosted-daemon.ts";
import { OneTimeCodes } from "./one-time-codes.ts";
import { createKey } from "./ssh-key.ts";
import { openSshd } from "./sshd.ts";
import { openSudoUser } from "./sudo-user.ts";

/** What a host asks a person on the way there: the beginning of its words, where the question is from, and the answer. */
export interface HostQuestion {
  readonly label: string;
  readonly hop: string;
  readonly answer: () => string;
}

/** Hosts of ~/.ssh/config that nobody gets into without a person. */
export interface AskingHosts extends AsyncDisposable {
  /** The account on each of them, which may use sudo by its password. */
  readonly user: string;
  readonly questions: Readonly<Record<AskingHost, readonly HostQuestion[]>>;
}

export const askingHosts = ["password", "passphrase", "two-factor", "chain"] as const;
/** `chain`: behind two others, of which the second takes a password and nothing else. */
export type AskingHost = (typeof askingHosts)[number];

/** Writes ~/.ssh/config, and makes the keys of these hosts known. */
export async function openAskingHosts(
  home: string,
  secrets: { readonly password: string; readonly passphrase: string },
): Promise<AskingHosts> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await openDirectory({ readable: true }));
  const { name: user } = stack.use(await openSudoUser({ password: secrets.password }));
  const locked = await createKey(directory.join("locked"), "ed25519", secrets.passphrase);
  const codes = await OneTimeCodes.open(directory);
  await codes.enroll(user);
  const byPassword = { PasswordAuthentication: "yes", PubkeyAuthentication: "no" };
  const byKey = stack.use(await openSshd({ authorizedKeys: [locked.publicKey] }));
  const withCodes = stack.use(await openSshd({ ...codes.sshd, address: "127.0.0.2" }));
  const middle = stack.use(await openSshd({ options: byPassword, address: "127.0.0.3" }));
  const key = `IdentityFile ${byKey.clientKey.path}`;
  const blocks = [
    ["password", middle, "IdentityFile none"],
    ["passphrase", byKey, `IdentityFile ${locked.path}`],
    ["two-factor", withCodes, "IdentityFile none"],
    ["outer", byKey, key],
    ["middle", middle, "IdentityFile none", "ProxyJump outer"],
    ["chain", byKey, key, "ProxyJump middle"],
  ] as const;
  const config = blocks.map(([name, { address, port }, ...lines]) =>
    [`Host ${name}`, `HostName ${address}`, `Port ${port}`, `User ${user}`, ...lines].join("\n  "),
  );
  await knowHosts(home, [byKey, withCodes, middle].map(({ knownHosts }) => knownHosts).join(""));
  await writeFile(join(home, ".ssh/config"), `${config.join("\n")}\n`);
  const hopOf = ({ address, port }: typeof byKey): string => `${user}@${address}:${port}`;
  const password = (hop: typeof byKey): HostQuestion => ({
    label: "Password:",
    hop: hopOf(hop),
    answer: () => secrets.password,
  });
  const owned = stack.move();
  return {
    user,
    questions: {
      password: [password(middle)],
      passphrase: [{ label: "Passphrase:", hop: hopOf(byKey), answer: () => secrets.passphrase }],
      "two-factor": [
        password(withCodes),
        { label: OneTimeCodes.label, hop: hopOf(withCodes), answer: () => codes.next() },
      ],
      chain: [password(middle)],
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
