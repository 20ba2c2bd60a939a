import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { freePort } from "./server-process.ts";

/** What is done to the bytes that go from the server to the client. Numbers count them, from 0. */
export interface Chaos {
  /** Each chunk waits so long. */
  readonly delayMs?: number;
  /** Passed on in pieces of so many bytes. */
  readonly trickleBytes?: number;
  /** Both sides are cut when so many bytes have passed. */
  readonly cutAfter?: number;
  /** The lowest bit of this byte is turned. */
  readonly flipAt?: number;
}

/** A TCP proxy on loopback that does to connections what networks do. */
export interface ChaosProxy extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  /** For the connections that come from now on. */
  next(chaos: Chaos): void;
  /** How many bytes the newest connection has brought from the server. */
  passed(): number;
  /** From now on nothing passes in either direction, and nobody is told: a cable that was pulled. */
  blackHole(): void;
  /** The server's side of every connection is gone, while the client's stays open: half open. */
  loseServer(): void;
  /** New connections pass again; those in the black hole are destroyed. */
  heal(): void;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  readonly chaos: Chaos;
  dark: boolean;
  passed: number;
}

export async function openChaosProxy(target: { address: string; port: number }): Promise<ChaosProxy> {
  const pairs = new Set<Pair>();
  let chaos: Chaos = {};
  let dark = false;
  let newest: Pair | undefined;
  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const server = connect({ host: target.address, port: target.port, noDelay: true, allowHalfOpen: true });
    const pair: Pair = { client, server, chaos, dark, passed: 0 };
    pairs.add(pair);
    newest = pair;
    client.on("close", () => pairs.delete(pair));
    join(pair);
  });
  const port = await freePort();
  listener.listen(port, "127.0.0.1");
  await once(listener, "listening");
  const each = (act: (pair: Pair) => void): void => {
    for (const pair of pairs) act(pair);
  };
  return {
    address: "127.0.0.1",
    port,
    next: (kind) => {
      chaos = kind;
    },
    passed: () => newest?.passed ?? 0,
    blackHole: () => {
      dark = true;
      each((pair) => {
        pair.dark = true;
      });
    },
    loseServer: () => {
      each((pair) => {
        pair.dark = true;
        pair.server.destroy();
      });
    },
    heal: () => {
      dark = false;
      each((pair) => {
        if (pair.dark) cut(pair);
      });
    },
    async [Symbol.asyncDispose]() {
      each(cut);
      listener.close();
      await once(listener, "close");
    },
  };
}

function cut({ client, server }: Pair): void {
  client.destroy();
  server.destroy();
}

function join(pair: Pair): void {
  const { client, server } = pair;
  const whenLit = (act: () => void) => () => {
    if (!pair.dark) act();
  };
  client.on("error", () => undefined);
  server.on("error", () => undefined);
  client.on("data", (bytes) => {
    if (!pair.dark) server.write(bytes);
  });
  client.on(
    "end",
    whenLit(() => server.end()),
  );
  client.on("close", () => server.destroy());
  server.on(
    "end",
    whenLit(() => client.end()),
  );
  server.on(
    "close",
    whenLit(() => client.destroy()),
  );
  server.on("data", (bytes) => {
    const { delayMs = 0 } = pair.chaos;
    if (delayMs === 0) pass(pair, bytes);
    else setTimeout(() => pass(pair, bytes), delayMs);
  });
}

function pass(pair: Pair, bytes: Buffer): void {
  const { client, chaos } = pair;
  if (pair.dark || client.destroyed) return;
  const { flipAt = -1, cutAfter = Infinity, trickleBytes = bytes.length } = chaos;
  const at = flipAt - pair.passed;
  const flipped = bytes[at];
  if (at >= 0 && flipped !== undefined) bytes.writeUInt8(flipped ^ 1, at);
  const kept = bytes.subarray(0, Math.max(0, cutAfter - pair.passed));
  pair.passed += kept.length;
  for (let start = 0; start < kept.length; start += trickleBytes) {
    client.write(kept.subarray(start, start + trickleBytes));
  }
  if (kept.length < bytes.length) cut(pair);
}
