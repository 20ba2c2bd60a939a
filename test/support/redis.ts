import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { SealSecret } from "../../daemon/cache/seal.ts";
import { openDirectory } from "./directory.ts";
import { freePort, openServerProcess } from "./server-process.ts";

export interface Redis extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
}

export interface RedisOptions {
  /** By default a free one. */
  readonly port?: number;
  /** Without one nobody has to log in. */
  readonly password?: string;
  /** As of its command line. */
  readonly options?: readonly string[];
}

/** A real Redis that keeps nothing on disk. */
export async function openRedis({
  port: fixedPort,
  password,
  options: more = [],
}: RedisOptions = {}): Promise<Redis> {
  const port = fixedPort ?? (await freePort());
  const locked = password === undefined ? [] : ["--requirepass", password];
  const options = [
    ...locked,
    "--bind",
    "127.0.0.1",
    "--port",
    String(port),
    "--save",
    "",
    "--appendonly",
    "no",
    ...more,
  ];
  // A replica writes what it was sent there, which the next server would load.
  const directory = await openDirectory();
  const server = await openServerProcess(["redis-server", ...options, "--dir", directory.path], {
    ready: /Ready to accept connections/,
  }).catch(async (failure: unknown) => {
    await directory[Symbol.asyncDispose]();
    throw failure;
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: server.pid,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** What redis-cli prints for one command to the server on this port. */
export async function cli(port: number, ...words: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("redis-cli", ["-p", String(port), ...words]);
  return stdout.trim();
}

/** A secret as the store has it, for a cache without a daemon. */
export function testSeal(): SealSecret {
  let count = 0;
  return {
    get value() {
      return `secret ${count}`;
    },
    renew: () => {
      count += 1;
    },
  };
}
