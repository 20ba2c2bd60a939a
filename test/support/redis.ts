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
  const server = await openServerProcess(["redis-server", ...options, "--dir", "/tmp"], {
    ready: /Ready to accept connections/,
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: server.pid,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
