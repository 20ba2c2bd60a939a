import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Bed } from "./bed.ts";

/** Starts a bare HTTP server over ssh2 in a process of its own, see bare-server.ts; resolves to its socket. */
export async function openBareServer(stack: AsyncDisposableStack, { sshd, directory }: Bed): Promise<string> {
  const script = fileURLToPath(import.meta.resolve("./bare-server.ts"));
  const socket = directory.join("bare.sock");
  const { address, port, user, clientKey } = sshd;
  const child = spawn(process.execPath, [script, socket, address, String(port), user, clientKey.path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  stack.defer(async () => {
    child.kill();
    await ended;
  });
  await Promise.race([once(child.stdout, "data"), ended]);
  if (child.exitCode !== null) throw new Error("The bare server did not start.");
  return socket;
}
