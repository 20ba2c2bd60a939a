import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { daemonFlags } from "../client/daemon-flags.ts";
import { type Bed, collector, type Served } from "./bed.ts";

/** Starts a bare HTTP server over ssh2 in a process of its own, see bare-server.ts; resolves to its socket. */
export async function openBareServer(stack: AsyncDisposableStack, { sshd, directory }: Bed): Promise<string> {
  const socket = directory.join("bare.sock");
  const { address, port, user, clientKey } = sshd;
  await openServer(stack, [
    import.meta.resolve("./bare-server.ts"),
    socket,
    address,
    String(port),
    user,
    clientKey.path,
  ]);
  return socket;
}

/** Starts a bare HTTP server of event streams with the daemon's options, see bare-reader-server.ts. */
export async function openBareStreams(stack: AsyncDisposableStack, { directory }: Bed): Promise<Served> {
  const socket = directory.join("streams.sock");
  const flags = [...daemonFlags, "--require", collector];
  return {
    socket,
    pid: await openServer(stack, [import.meta.resolve("./bare-reader-server.ts"), socket], flags),
  };
}

/** Starts a script, given by its URL, with its arguments; resolves to its pid once it listens. */
async function openServer(
  stack: AsyncDisposableStack,
  [script = "", ...args]: readonly string[],
  flags: readonly string[] = [],
): Promise<number> {
  const path = fileURLToPath(script);
  const child = spawn(process.execPath, [...flags, path, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  stack.defer(async () => {
    child.kill();
    await ended;
  });
  await Promise.race([once(child.stdout, "data"), ended]);
  if (child.pid === undefined || child.exitCode !== null) throw new Error("The bare server did not start.");
  return child.pid;
}
