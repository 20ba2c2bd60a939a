import { Agent, request } from "node:http";
import type { RunOptions } from "../protocol/run.ts";
import type { Bed } from "./bed.ts";
import { timed } from "./contender.ts";

/** A minimal HTTP client with one persistent connection to a socket, as any program could have it. */
export interface HttpRunner extends Disposable {
  /** POSTs a command and reads its events; resolves to the milliseconds until `complete` arrived. */
  run(host: string, command: string, options?: Partial<RunOptions>): Promise<number>;
}

const complete = '"type":"complete"';
const success = '"outcome":"exited","exitCode":0';

/** For the daemon, or for another server at `socketPath` that responds alike. */
export function openHttpRunner({ daemon }: Bed, socketPath = daemon.discovery.socket): HttpRunner {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    async run(host, command, options) {
      const body = JSON.stringify({ host, command, ...options });
      const ended = Promise.withResolvers<undefined>();
      const span = await timed(
        () =>
          new Promise((resolve, reject) => {
            const headers = { "content-type": "application/json", "content-length": body.length };
            const target = { socketPath, agent, method: "POST", path: "/api/ssh/stream", headers };
            const outgoing = request(target, (answer) => {
              let text = "";
              answer.setEncoding("utf8").on("data", (piece: string) => {
                text += piece;
                if (!text.includes(complete)) return;
                if (text.includes(success)) resolve(undefined);
                else reject(new Error(text));
              });
              answer.once("end", () => ended.resolve(undefined));
            });
            outgoing.once("error", reject);
            outgoing.end(body);
          }),
      );
      // Not measured: waits until the connection is free for the next request.
      await ended.promise;
      return span;
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}
