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
}

/** A real Redis that keeps nothing on disk. */
export async function openRedis({ port: fixedPort, password }: RedisOptions = {}): Promise<Redis> {
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
