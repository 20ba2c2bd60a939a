import { freePort, openServerProcess } from "./server-process.ts";

export interface Redis extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
}

/** A real Redis that keeps nothing on disk. */
export async function openRedis(fixedPort?: number): Promise<Redis> {
  const port = fixedPort ?? (await freePort());
  const options = ["--bind", "127.0.0.1", "--port", String(port), "--save", "", "--appendonly", "no"];
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
