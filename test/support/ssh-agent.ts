import { spawn } from "node:child_process";
import { once } from "node:events";
import { openDirectory } from "./directory.ts";
import { openServerProcess } from "./server-process.ts";
import type { SshKey } from "./ssh-key.ts";

export interface Agent extends AsyncDisposable {
  /** What SSH_AUTH_SOCK says. */
  readonly socket: string;
  /** Adds a private key, decrypting it with its passphrase. */
  add(key: SshKey, passphrase?: string): Promise<void>;
}

/** A real ssh-agent without keys. */
export async function openAgent(): Promise<Agent> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await openDirectory());
  const socket = directory.join("agent.sock");
  stack.use(await openServerProcess(["ssh-agent", "-D", "-a", socket], { ready: /SSH_AUTH_SOCK=/ }));
  const owned = stack.move();
  return {
    socket,
    add: (key, passphrase = "") => add(socket, key, passphrase),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** ssh-add asks a program for the passphrase: this one prints what stands in its environment. */
async function add(socket: string, key: SshKey, passphrase: string): Promise<void> {
  const child = spawn("ssh-add", ["-q", key.path], {
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      ...process.env,
      SSH_AUTH_SOCK: socket,
      SSH_ASKPASS: `${import.meta.dirname}/askpass.sh`,
      SSH_ASKPASS_REQUIRE: "force",
      TEST_PASSPHRASE: passphrase,
    },
  });
  await once(child, "close");
  if (child.exitCode !== 0) throw new Error(`ssh-add ${key.path} ended with ${String(child.exitCode)}`);
}
