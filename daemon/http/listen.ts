import { once } from "node:events";
import { chmodSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import type { ListenAddress } from "../../protocol/listen-address.ts";
import { Problem } from "../../protocol/problem.ts";
import { errorCode } from "../../state-directory/error-code.ts";
import { checkOwn } from "../../state-directory/own-file.ts";

/** What a Unix socket's address can hold, less its closing NUL (macOS: 104). */
export const maxSocketPathBytes = 103;
/** Clients that connect while the daemon does something else; the kernel turns further ones away. Linux allows 4096. */
const maxWaiting = 4096;

/**
 * Listens on a Unix socket of mode 0600, or a named pipe on Windows. Only the holder of the instance lock
 * may call this: a socket that is left over is removed. Disposing stops listening, lets answers under way
 * finish for a second, and closes every connection. `activated` is a socket that listens at `path` already, by a service
 * manager that keeps it (sd_listen_fds(3)).
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

export interface TcpListener extends AsyncDisposable {
  /** What a request's Host has to be. */
  readonly authority: string;
}

/** Listens on a loopback address as well; ends as above. `conflict` when the port is not free. */
export async function listenOnTcp(server: Server, { address, port }: ListenAddress): Promise<TcpListener> {
  server.listen({ host: address, port, exclusive: true });
  try {
    await once(server, "listening");
  } catch (failure) {
    const where = `${shown(address)}:${port}`;
    const what =
      errorCode(failure) === "EADDRINUSE"
        ? `Another program listens on ${where}.`
        : `The daemon cannot listen on ${where} (${errorCode(failure) ?? "failed"}).`;
    throw new Problem("conflict", `${what} Choose another one by \`--listen\`, or 0 as its port.`, {
      cause: failure,
    });
  }
  const bound = server.address();
  const chosen = bound !== null && typeof bound === "object" ? bound.port : port;
  return { authority: `${shown(address)}:${chosen}`, ...closing(server) };
}

function shown(address: ListenAddress["address"]): string {
  return address === "::1" ? "[::1]" : address;
}

function closing(server: Server): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeIdleConnections();
      const late = setTimeout(() => server.closeAllConnections(), 1000);
      await closed;
      clearTimeout(late);
    },
  };
}
