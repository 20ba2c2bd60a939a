import { once } from "node:events";
import { chmodSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import { createServer, type Server as NetServer } from "node:net";
import type { ListenAddress } from "../../protocol/listen-address.ts";
import { Problem } from "../../protocol/problem.ts";
import type { SettingSource } from "../../protocol/settings.ts";
import { errorCode } from "../../state-directory/error-code.ts";
import { checkOwn } from "../../state-directory/own-file.ts";

/** Connections that may wait to be accepted; the kernel refuses further ones. Linux allows 4096. */
const maxWaiting = 4096;

/**
 * Listens on a Unix socket of mode 0600, or a named pipe on Windows. Only the holder of the instance lock may call
 * this, since a left-over socket is removed. Disposing stops listening, gives pending responses a second to finish, and
 * closes every connection. `activated` is a socket already listening at `path`, held by a service manager
 * (sd_listen_fds(3)).
 */
export async function listen(
  server: Server,
  path: string,
  activated: number | undefined,
): Promise<AsyncDisposable> {
  if (activated !== undefined) {
    server.listen({ fd: activated });
    await once(server, "listening");
    return closing(server);
  }
  const pipe = path.startsWith("\\\\");
  if (!pipe) {
    checkOwn(path, "socket");
    rmSync(path, { force: true });
  }
  server.listen({ path, backlog: maxWaiting });
  await once(server, "listening");
  if (!pipe) chmodSync(path, 0o600);
  return closing(server);
}

/**
 * Makes a Unix socket again at which `server` listens, and somebody removed it: a server listens only once, and keeps its
 * connections. Rejects if there is something else at `path`. Disposed of as above.
 */
export async function listenAgain(server: Server, path: string): Promise<AsyncDisposable> {
  const again = createServer({ allowHalfOpen: true }, (socket) => server.emit("connection", socket));
  again.maxConnections = server.maxConnections;
  again.on("drop", (data) => server.emit("drop", data));
  again.listen({ path, backlog: maxWaiting });
  await once(again, "listening");
  chmodSync(path, 0o600);
  return closing(server, again);
}

export interface TcpListener extends AsyncDisposable {
  /** The required Host of requests. */
  readonly authority: string;
}

/** Where an address comes from, and how to change it. */
const origins: Readonly<Record<SettingSource, string>> = {
  default: "which is the default",
  config:
    "which `listen` in config.json names. `hostrun config set listen ADDRESS` changes it, and " +
    "`hostrun config unset listen` takes it out",
  environment: "which HOSTRUN_LISTEN names. Change that variable, or unset it",
  flag: "which `--listen` names. Choose another one, or 0 as its port",
};

/**
 * Also listens on a loopback address, which `source` gives; disposed of as above. Throws `conflict` if the port is in
 * use.
 */
export async function listenOnTcp(
  server: Server,
  { address, port }: ListenAddress,
  source: SettingSource,
): Promise<TcpListener> {
  server.listen({ host: address, port, exclusive: true });
  try {
    await once(server, "listening");
  } catch (failure) {
    const where = `${shown(address)}:${port}`;
    const what =
      errorCode(failure) === "EADDRINUSE"
        ? `Another program listens on ${where}`
        : `The daemon cannot listen (${errorCode(failure) ?? "failed"}) on ${where}`;
    throw new Problem("conflict", `${what}, ${origins[source]}.`, { cause: failure });
  }
  const bound = server.address();
  const chosen = bound !== null && typeof bound === "object" ? bound.port : port;
  return { authority: `${shown(address)}:${chosen}`, ...closing(server) };
}

function shown(address: ListenAddress["address"]): string {
  return address === "::1" ? "[::1]" : address;
}

function closing(server: Server, listener: NetServer = server): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: async () => {
      const closed = once(listener, "close");
      listener.close();
      server.closeIdleConnections();
      const late = setTimeout(() => server.closeAllConnections(), 1000);
      await closed;
      clearTimeout(late);
    },
  };
}
