import type { Server } from "node:http";
import { parseListenAddress } from "../../protocol/listen-address.ts";
import { placeNames } from "../../protocol/places.ts";
import type { AccessToken } from "../core/access-token.ts";
import { writeDiscoveryFile } from "../core/discovery-file.ts";
import { openPrivateDirectory } from "../core/private-directory.ts";
import type { Scope } from "../core/scope.ts";
import type { Access } from "../http/access.ts";
import { listen, listenOnTcp, maxSocketPathBytes } from "../http/listen.ts";
import type { DaemonContext } from "./context.ts";
import type { Http } from "./http.ts";

/** Starts to listen and writes the discovery file. Returns the socket. */
export async function openListeners(
  context: DaemonContext,
  { token, serve }: Pick<Http, "token" | "serve">,
  scope: Scope,
): Promise<string> {
  const socket = socketOf(context, scope);
  scope.own(await listen(serve(socketAccess(socket, token)), socket, context.activatedSocket));
  const url = await openTcp(context, token, serve, scope);
  // The instance lock is held until after this file is removed.
  writeDiscoveryFile({ ...context, socket, token, url }, scope);
  return socket;
}

/** In a private directory elsewhere if the state directory's path is too long for a socket. */
function socketOf(context: DaemonContext, scope: Scope): string {
  const { socket, log } = context;
  const name = `/${placeNames.socket}`;
  if (
    context.activatedSocket !== undefined ||
    socket.startsWith("\\\\") ||
    Buffer.byteLength(socket) <= maxSocketPathBytes
  )
    return socket;
  const maxBytes = maxSocketPathBytes - name.length;
  const directory = scope.own(openPrivateDirectory({ ...context, purpose: "d", maxBytes }));
  const elsewhere = directory.path + name;
  log.info("The state directory's path is too long for a socket, which is elsewhere", { socket: elsewhere });
  return elsewhere;
}

/** Anybody can know the name of a pipe. */
function socketAccess(socket: string, token: AccessToken): Access {
  return socket.startsWith("\\\\") ? { by: "token", token } : { by: "permission" };
}

/** Returns the URL; null if TCP is not configured. When the token is replaced, all connections are closed. */
async function openTcp(
  { settings, log }: DaemonContext,
  token: AccessToken,
  serve: (access: Access) => Server,
  scope: Scope,
): Promise<string | null> {
  const wanted = parseListenAddress(settings.current.listen ?? "");
  if (wanted === undefined) return null;
  let authority = "";
  const server = serve({ by: "address", token, authority: () => authority });
  const listener = scope.own(await listenOnTcp(server, wanted));
  ({ authority } = listener);
  token.onReplaced(() => server.closeAllConnections());
  log.info("The daemon listens on TCP", { authority });
  return `http://${authority}`;
}
