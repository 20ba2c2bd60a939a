import { mkdir, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import type { Host, NewHost } from "../../protocol/host.ts";
import type { RunRequestInput } from "../../protocol/run.ts";
import { openTestDaemon, type TestDaemon, type TestDaemonOptions } from "./daemon.ts";
import { openDirectory } from "./directory.ts";
import { RunReading } from "./run-stream.ts";
import { testTransport } from "./transport.ts";
import { openSshd, type Sshd, type SshdOptions } from "./sshd.ts";

export interface HostedDaemonOptions extends TestDaemonOptions {
  readonly sshd?: SshdOptions;
  /** Fields of the host beside its address, port, user and key. */
  readonly host?: Partial<NewHost>;
}

/** A daemon with one host, "web1": a real sshd on loopback, whose key the person knows. */
export interface HostedDaemon extends TestDaemon {
  readonly sshd: Sshd;
  readonly host: Host;
  /** Runs a command on web1 by POST /api/ssh/stream and reads its stream to the end. */
  run(command: string, options?: RunOptions): Promise<RunReading>;
  /** The stream's head, for the caller to read. */
  stream(command: string, options?: RunOptions): Promise<IncomingMessage>;
}

export type RunOptions = Partial<Omit<RunRequestInput, "command">>;

export async function openHostedDaemon(options: HostedDaemonOptions = {}): Promise<HostedDaemon> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await openDirectory());
  const sshd = stack.use(await openSshd(options.sshd));
  const home = options.home ?? directory.path;
  await knowHosts(home, sshd.knownHosts);
  const daemon = stack.use(await openTestDaemon({ ...options, home }));
  const host = await daemon.client.call("createHost", { body: { ...hostOf(sshd), ...options.host } });
  const owned = stack.move();
  return {
    ...daemon,
    sshd,
    host,
    stream: (command, how) => openStream(daemon, command, how),
    run: async (command, how) => new RunReading().follow(await openStream(daemon, command, how)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The fields by which a server is reached as "web1", logging in with its own client key. */
export function hostOf({
  address,
  port,
  user,
  clientKey,
}: Pick<Sshd, "address" | "port" | "user" | "clientKey">) {
  return { name: "web1", address, port, user, identityFile: clientKey.path, transport: testTransport };
}

/** Makes lines part of the person's own ~/.ssh/known_hosts. */
export async function knowHosts(home: string, lines: string): Promise<void> {
  await mkdir(join(home, ".ssh"), { recursive: true, mode: 0o700 });
  await writeFile(join(home, ".ssh/known_hosts"), lines, { flag: "a" });
}

export function openStream(
  daemon: TestDaemon,
  command: string,
  options: RunOptions = {},
): Promise<IncomingMessage> {
  return daemon.http.open("POST", "/api/ssh/stream", { json: { host: "web1", command, ...options } });
}
