import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import * as z from "zod";
import { openSsh2 } from "./ssh2-client.ts";

/**
 * Run as a program: the minimum that a daemon could be. It runs each POSTed command on one ssh2 connection and responds
 * with one event; nothing is looked up, recorded or checked. Arguments: its socket; address, port, user and key file of
 * the SSH server.
 */
const Asked = z.object({ command: z.string() });
const [socket = "", address = "", port = "", user = "", keyPath = ""] = process.argv.slice(2);
const ssh2 = await openSsh2({ address, port: Number(port), user, clientKey: { path: keyPath } });

const server = createServer((request, response) => {
  void (async () => {
    const asked = Asked.parse(await json(request));
    await ssh2.exec(asked.command);
    const complete = { type: "complete", outcome: "exited", exitCode: 0 };
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.end(`data: ${JSON.stringify(complete)}\n\n`);
  })();
});
server.listen(socket, () => console.log("listening"));
