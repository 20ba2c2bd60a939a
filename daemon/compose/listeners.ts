import type { Server } from "node:http";
import { parseListenAddress } from "../../protocol/listen-address.ts";
import { maxSocketPathBytes, placeNames } from "../../protocol/places.ts";
import type { AccessToken } from "../core/access-token.ts";
import { writeDiscoveryFile } from "../core/discovery-file.ts";
import { type LostFilesParts, openLostFiles } from "../core/lost-files.ts";
import { openPrivateDirectory } from "../core/private-directory.ts";
import { Scope } from "../core/scope.ts";
import type { Access } from "../http/access.ts";
import { listen, listenAgain, listenOnTcp } from "../http/listen.ts";
import type { DaemonContext } from "./context.ts";
import type { Http } from "./http.ts";

/** Starts to listen and writes the discovery file, and makes both again if they are removed. Returns the socket. */
export async function openListeners(
  context: DaemonContext,
  { token, serve }: Pick<Http, "token" | "serve">,
  { isInPlace, gone }: Pick<LostFilesParts, "isInPlace" | "gone">,
  scope: Scope,
): Promise<string> {
  const socket = socketOf(context, scope);
  const server = serve(socketAccess(socket, token));
  scope.own(await listen(server, socket, context.activatedSocket));
  const url = await openTcp(context, token, serve, scope);
  // The instance lock is held until after this file is removed.
  const discovery = writeDiscoveryFile({ ...context, socket, token, url, isInPlace }, scope);
  // Its connections end when those of the first socket do.
  const later = scope.own(new Scope());
  const again = { path: socket, restore: async () => void later.own(await listenAgain(server, socket)) };
  // That of a service manager is its own matter, and a pipe cannot be removed.
  const isOwn = context.activatedSocket === undefined && !socket.startsWith("\\\\");
  const files = isOwn ? [again, discovery] : [discovery];
  scope.own(openLostFiles({ files, isInPlace, gone, log: context.log }));
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
  const listener = scope.own(await listenOnTcp(server, wanted, settings.sourceOf("listen")));
  ({ authority } = listener);
  token.onReplaced(() => server.closeAllConnections());
  log.info("The daemon listens on TCP", { authority });
  return `http://${authority}`;
}
