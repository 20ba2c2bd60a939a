import { type IncomingMessage, request } from "node:http";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseDiscovery } from "../../protocol/discovery.ts";
import { type Answer, exchangeRaw, readAnswer, type Sent } from "./http.ts";

interface TcpSent extends Omit<Sent, "headers"> {
  /** undefined: without this field. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** HTTP over a daemon's TCP port as any client would speak it, with what daemon.json says now. */
export interface TcpHttp {
  readonly authority: string;
  readonly token: string;
  ask(method: string, path: string, sent?: TcpSent): Promise<Answer>;
  open(method: string, path: string, sent?: TcpSent): Promise<IncomingMessage>;
  /** Sends text just as it is and gives back everything up to the end of the connection. */
  raw(text: string): Promise<string>;
}

export async function tcpHttp(stateDirectory: string): Promise<TcpHttp> {
  const discovery = parseDiscovery(JSON.parse(await readFile(join(stateDirectory, "daemon.json"), "utf8")));
  if (discovery?.url === undefined || discovery.url === null)
    throw new Error("the daemon does not listen on TCP");
  const { token } = discovery;
  const authority = discovery.url.slice("http://".length);
  const { hostname, port } = new URL(discovery.url);
  const host = hostname.replace(/^\[|\]$/g, "");
  const open = (method: string, path: string, sent: TcpSent = {}): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const body = sent.json === undefined ? sent.body : JSON.stringify(sent.json);
      const type = sent.json === undefined ? {} : { "content-type": "application/json" };
      const given = { host: authority, authorization: `Bearer ${token}`, ...type, ...sent.headers };
      const headers = Object.fromEntries(
        Object.entries(given).filter((field): field is [string, string] => field[1] !== undefined),
      );
      const outgoing = request({ host, port, method, path, headers, agent: false }, resolve);
      outgoing.on("error", reject);
      outgoing.end(Array.isArray(body) ? Buffer.concat(body) : body);
    });
  return {
    authority,
    token,
    open,
    ask: async (method, path, sent) => readAnswer(await open(method, path, sent)),
    raw: (text) => exchangeRaw({ host, port: Number(port) }, text),
  };
}
