import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { RunEvent } from "../../protocol/event.ts";
import { openDirectory } from "../support/directory.ts";
import { openHostedDaemon } from "../support/hosted-daemon.ts";
import { readMessages } from "../support/run-stream.ts";
import { freePort, openServerProcess } from "../support/server-process.ts";
import { tcpHttp } from "../support/tcp-http.ts";

/** What docs/operations.md says of nginx, for these addresses and files. */
async function documented(authority: string, port: number, folder: string): Promise<string> {
  const page = await readFile(join(import.meta.dirname, "../../docs/operations.md"), "utf8");
  const [, server = ""] = /```nginx\n(.*?)```/s.exec(page) ?? [];
  expect(server).toContain("proxy_pass");
  return server
    .replaceAll("127.0.0.1:7000", authority)
    .replace("listen 443", `listen 127.0.0.1:${port}`)
    .replaceAll("/etc/hostrun", folder);
}

test("a team comes through a proxy with TLS as docs/operations.md has it, and events as they happen", async () => {
  await using daemon = await openHostedDaemon({ flags: ["--listen", "127.0.0.1:0"] });
  const { authority, token } = await tcpHttp(daemon.stateDirectory);
  await using directory = await openDirectory({ readable: true });
  const file = (name: string): string => directory.join(name);
  const certificate = ["-subj", "/CN=team", "-keyout", file("server.key"), "-out", file("server.pem")];
  execFileSync("openssl", ["req", "-x509", "-newkey", "ed25519", "-nodes", "-days", "2", ...certificate], {
    stdio: "ignore",
  });
  const [key, cert] = await Promise.all([readFile(file("server.key")), readFile(file("server.pem"))]);
  await writeFile(file("team.pem"), cert);
  const port = await freePort();
  const server = await documented(authority, port, directory.path);
  const head = `pid ${file("pid")};\nerror_log stderr notice;\nevents {}\n`;
  await writeFile(file("nginx.conf"), `${head}http {\naccess_log off;\n${server}}\n`);
  const command = ["nginx", "-p", directory.path, "-c", file("nginx.conf"), "-g", "daemon off;"] as const;
  await using _ = await openServerProcess(command, { address: "127.0.0.1", port });

  const send = (headers: object, own: object = { key, cert }, json?: object): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const method = json === undefined ? "GET" : "POST";
      const path = json === undefined ? "/api/health" : "/api/runs";
      const type =
        json === undefined ? {} : { "content-type": "application/json", accept: "text/event-stream" };
      const where = { host: "127.0.0.1", port, ca: cert, checkServerIdentity: () => undefined, agent: false };
      const outgoing = request({ ...where, ...own, method, path, headers: { ...type, ...headers } }, resolve);
      outgoing.on("error", reject);
      outgoing.end(json === undefined ? undefined : JSON.stringify(json));
    });
  const status = async (headers: object, own?: object): Promise<number | undefined> => {
    const response = await send(headers, own);
    await text(response);
    return response.statusCode;
  };
  const authorization = `Bearer ${token}`;
  expect(await status({ authorization })).toBe(200);
  expect(await status({})).toBe(401);
  expect(await status({ authorization, origin: "https://evil.test" })).toBe(403);
  // Sent away by the proxy.
  expect(await status({ authorization }, {})).toBe(400);

  const gate = file("gate");
  const waiting = `echo first; until [ -e ${gate} ]; do sleep 0.05; done; echo second`;
  const stream = await send({ authorization }, { key, cert }, { host: "web1", command: waiting });
  expect(stream.headers["x-request-id"]).toMatch(/^[0-9a-f]{32}$/);
  let output = "";
  for await (const { data } of readMessages(stream)) {
    const event = RunEvent.parse(data);
    if (event.type === "output") output += event.data;
    if (output === "first\n") await writeFile(gate, "");
  }
  expect(output).toBe("first\nsecond\n");
});
