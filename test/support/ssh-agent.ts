import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { openDirectory } from "./directory.ts";
import { message } from "./hostile-wire.ts";
import { openServerProcess } from "./server-process.ts";
import type { SshKey } from "./ssh-key.ts";

export interface Agent extends AsyncDisposable {
  /** What SSH_AUTH_SOCK says. */
  readonly socket: string;
  /** Adds a private key, decrypting it with its passphrase. */
  add(key: SshKey, passphrase?: string): Promise<void>;
  /** Adds a new key under a comment that ssh-keygen would not make. */
  addUnder(comment: string): Promise<void>;
  /** Takes every key out. */
  clear(): Promise<void>;
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
    add: (key, passphrase = "") => sshAdd(socket, ["-q", key.path], passphrase),
    clear: () => sshAdd(socket, ["-q", "-D"]),
    addUnder: (comment) => addUnder(socket, comment),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** ssh-add asks a program for the passphrase: this one prints what stands in its environment. */
async function sshAdd(socket: string, args: readonly string[], passphrase = ""): Promise<void> {
  const child = spawn("ssh-add", args, {
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
  if (child.exitCode !== 0) throw new Error(`ssh-add ${args.join(" ")} ended with ${String(child.exitCode)}`);
}

/** SSH_AGENTC_ADD_IDENTITY (draft-ietf-sshm-ssh-agent, section 3.2). */
async function addUnder(socket: string, comment: string): Promise<void> {
  const { d = "", x = "" } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  const [secret, open] = [d, x].map((part) => Buffer.from(part, "base64url"));
  if (secret === undefined || open === undefined) throw new Error("Node exports no such key");
  const request = message(17, "ssh-ed25519", open, Buffer.concat([secret, open]), comment);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(request.length);
  const connection = connect(socket);
  connection.write(Buffer.concat([length, request]));
  const answer = await new Promise<Buffer>((resolve) => connection.once("data", resolve));
  connection.destroy();
  // SSH_AGENT_SUCCESS
  if (answer[4] !== 6) throw new Error("The agent took no such key");
}
