import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Bed } from "./bed.ts";

/** Starts a proxy to the bed's server with this round-trip time, in a process of its own; resolves to its port. */
export async function openDelay(stack: AsyncDisposableStack, { sshd }: Bed, rttMs: number): Promise<number> {
  const script = fileURLToPath(import.meta.resolve("./delay-proxy.ts"));
  const child = spawn(process.execPath, [script, String(sshd.port), String(rttMs / 2)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  stack.defer(async () => {
    child.kill();
    await ended;
  });
  const line = await new Promise<string>((resolve) => child.stdout.setEncoding("utf8").once("data", resolve));
  const port = Number(line);
  if (!(port > 0)) throw new Error(`The proxy did not start: ${line}`);
  return port;
}
