import { execFile } from "node:child_process";
import { randomInt } from "node:crypto";
import { promisify } from "node:util";
import { openDirectory } from "./directory.ts";
import { openServerProcess } from "./server-process.ts";

const run = promisify(execFile);
const ip = (...args: string[]): Promise<unknown> => run("ip", args);

/** A way to a server that leads over a network link of its own, which can be taken down. Needs root. */
export interface NetworkLink extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  /** What was on its way is lost, and nobody is told. */
  down(): Promise<void>;
  up(): Promise<void>;
}

/** A pair of virtual interfaces, one end in a network namespace where socat passes on to `target` by a Unix socket. */
export async function openNetworkLink(target: { address: string; port: number }): Promise<NetworkLink> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await openDirectory());
  const name = `hr${randomInt(1_000_000)}`;
  const net = `10.${randomInt(100, 250)}.${randomInt(250)}`;
  await ip("netns", "add", name);
  stack.defer(() => ip("netns", "del", name).then(() => undefined));
  await ip("link", "add", name, "type", "veth", "peer", "name", "far", "netns", name);
  await ip("addr", "add", `${net}.1/24`, "dev", name);
  await ip("link", "set", name, "up");
  await ip("-n", name, "addr", "add", `${net}.2/24`, "dev", "far");
  await ip("-n", name, "link", "set", "far", "up");
  const socket = directory.join("socket");
  const ready = { ready: /listening on/ };
  const near = `UNIX-LISTEN:${socket},fork`;
  stack.use(
    await openServerProcess(["socat", "-d", "-d", near, `TCP:${target.address}:${target.port}`], ready),
  );
  const far = ["socat", "-d", "-d", `TCP-LISTEN:2222,bind=${net}.2,reuseaddr,fork`, `UNIX-CONNECT:${socket}`];
  stack.use(await openServerProcess(["ip", "netns", "exec", name, ...far], ready));
  const owned = stack.move();
  return {
    address: `${net}.2`,
    port: 2222,
    down: () => ip("-n", name, "link", "set", "far", "down").then(() => undefined),
    up: () => ip("-n", name, "link", "set", "far", "up").then(() => undefined),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
