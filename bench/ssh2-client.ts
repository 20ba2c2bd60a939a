import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { Client } from "ssh2";

/** Plain ssh2 on an established connection, with TCP_NODELAY as in the daemon. */
export interface Ssh2 extends Disposable {
  /** Runs a command; resolves to the number of bytes on its standard output. Rejects if its exit status is not 0. */
  exec(command: string): Promise<number>;
}

/** The server and the login. */
export interface Ssh2Server {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly clientKey: { readonly path: string };
}

export async function openSsh2({
  address: host,
  port,
  user: username,
  clientKey,
}: Ssh2Server): Promise<Ssh2> {
  const privateKey = await readFile(clientKey.path);
  const client = new Client();
  await new Promise((resolve, reject) => {
    client.once("ready", () => resolve(undefined));
    client.once("error", reject);
    client.connect({
      sock: connect({ host, port, noDelay: true }),
      username,
      privateKey,
      algorithms: { cipher: ["aes128-gcm@openssh.com"] },
    });
  });
  return {
    exec: (command) => exec(client, command),
    [Symbol.dispose]: () => client.end(),
  };
}

function exec(client: Client, command: string): Promise<number> {
  return new Promise((resolve, reject) => {
    client.exec(command, (failure, channel) => {
      if (failure !== undefined) {
        reject(failure);
        return;
      }
      let bytes = 0;
      channel.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      channel.stderr.resume();
      channel.once("close", (code: number | null) => {
        if (code === 0) resolve(bytes);
        else reject(new Error(`${command} ended with ${code}`));
      });
    });
  });
}
