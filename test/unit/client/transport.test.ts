import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { Transport } from "../../../client/transport.ts";
import { openDirectory } from "../../support/directory.ts";

/** The error of a connection that is not made; undefined when it is, in the queue of a server that is stopped. */
function triedBy(socket: Socket): Promise<Error | undefined> {
  return new Promise((resolve) => {
    socket.on("connect", () => resolve(undefined));
    socket.on("error", resolve);
  });
}

test.each([
  ["a kept connection", true],
  ["a connection of its own", false],
])(
  "a client whom a crowd keeps from the socket waits until it can connect: %s",
  {
    timeout: 60_000,
  },
  async (_, reusable) => {
    await using directory = await openDirectory();
    const path = directory.join("sock");
    const script = `require("node:http").createServer((_, response) => response.end("answer"))
    .listen({ path: ${JSON.stringify(path)}, backlog: 1 }, () => console.log("ready"));`;
    const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    await once(child.stdout, "data");
    child.kill("SIGSTOP");
    const crowd: Socket[] = [];
    onTestFinished(() => crowd.forEach((socket) => socket.destroy()));
    let failure: Error | undefined;
    while (failure === undefined) {
      const socket = connect(path);
      crowd.push(socket);
      failure = await triedBy(socket);
    }
    expect(failure).toHaveProperty("code", "EAGAIN");
    using transport = new Transport(path);
    const sent = transport.send({ method: "GET", path: "/", headers: {}, reusable });
    const early = await Promise.race([sent.then(() => "answered"), wait(300, "waits")]);
    expect(early).toBe("waits");
    child.kill("SIGCONT");
    const answer = await sent;
    await answer.body.readOut();
    expect(answer.status).toBe(200);
  },
);
