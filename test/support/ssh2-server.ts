import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { Socket } from "node:net";
import { userInfo } from "node:os";
import {
  type AuthContext,
  type Connection,
  type RejectConnection,
  Server,
  type ServerChannel,
  type Session,
  utils,
} from "ssh2";
import { openDirectory } from "./directory.ts";
import { freePort } from "./server-process.ts";
import { createKey, type SshKey } from "./ssh-key.ts";

export interface Ssh2ServerOptions {
  /** What it does with a command. */
  exec?: (channel: ServerChannel, command: string, connection: Connection) => void;
  /** What it does with a session that is opened; default: takes it. `number` counts them, from 1. */
  session?: (
    accept: () => Session,
    reject: RejectConnection,
    parts: { number: number; connection: Connection },
  ) => void;
  authentication?: (context: AuthContext, connection: Connection) => void;
  /** Told of each connection, before anything is said on it. */
  connected?: (connection: Connection) => void;
  ident?: string;
  /** One made before; making one takes a moment. */
  hostKey?: HostKey;
}

/** An SSH server whose every answer a test decides, for what no good server does. */
export interface Ssh2Server extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly clientKey: SshKey;
  readonly knownHosts: string;
  readonly connections: readonly Connection[];
}

export async function openSsh2Server(options: Ssh2ServerOptions): Promise<Ssh2Server> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await openDirectory());
  const clientKey = await createKey(directory.join("client"));
  const hostKey = options.hostKey ?? generateHostKey();
  const connections: Connection[] = [];
  let sessions = 0;
  const ident = options.ident === undefined ? {} : { ident: options.ident };
  const server = new Server({ hostKeys: [hostKey.privateKey], ...ident }, (connection) => {
    connections.push(connection);
    connection.on("error", () => undefined);
    options.connected?.(connection);
    connection.on("authentication", (context) => {
      if (options.authentication === undefined) context.accept();
      else options.authentication(context, connection);
    });
    connection.on("session", (accept, reject) => {
      sessions += 1;
      const take = (): Session => {
        const session = accept();
        session.on("exec", (acceptExec, _rejectExec, { command }) => {
          options.exec?.(acceptExec(), command, connection);
        });
        return session;
      };
      if (options.session === undefined) take();
      else options.session(take, reject, { number: sessions, connection });
    });
  });
  const port = await freePort();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  stack.defer(async () => {
    for (const connection of connections) socketOf(connection).destroy();
    server.close();
    await once(server, "close");
  });
  const owned = stack.move();
  return {
    address: "127.0.0.1",
    port,
    user: userInfo().username,
    clientKey,
    knownHosts: `[127.0.0.1]:${port} ${hostKey.publicKey}\n`,
    connections,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The TCP side of a connection that the server has. */
export function socketOf(connection: Connection | undefined): Socket {
  const socket: unknown = connection === undefined ? undefined : Reflect.get(connection, "_sock");
  if (!(socket instanceof Socket)) throw new Error("no such connection");
  return socket;
}

/** Makes a connected server show another host key at the next key exchange, and asks for that exchange. */
export function swapHostKey(connection: Connection | undefined, { privateKey } = generateHostKey()): void {
  const protocol = protocolOf(connection);
  const key = utils.parseKey(privateKey);
  Reflect.set(protocol, "_hostKeys", { "ssh-rsa": key, "rsa-sha2-256": key, "rsa-sha2-512": key });
  const rekey: unknown = Reflect.get(protocol, "rekey");
  if (typeof rekey === "function") Reflect.apply(rekey, protocol, []);
}

/** Resolves when the client takes part in a key exchange that begins after this call: its own KEXINIT is in. */
export async function nextKeyExchange(connection: Connection | undefined): Promise<void> {
  const protocol = protocolOf(connection);
  const before: unknown = Reflect.get(protocol, "_kex");
  // What it had sent before arrives first.
  while (Reflect.get(protocol, "_kex") === before) await once(socketOf(connection), "data");
}

function protocolOf(connection: Connection | undefined): object {
  const protocol: unknown = connection === undefined ? undefined : Reflect.get(connection, "_protocol");
  if (typeof protocol !== "object" || protocol === null) throw new Error("no such connection");
  return protocol;
}

/** A key in the forms that ssh2 and known_hosts take. */
export interface HostKey {
  readonly privateKey: string;
  readonly publicKey: string;
}

export function generateHostKey(): HostKey {
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  const parsed = utils.parseKey(privateKey);
  if (parsed instanceof Error) throw parsed;
  return { privateKey, publicKey: `ssh-rsa ${parsed.getPublicSSH().toString("base64")}` };
}
