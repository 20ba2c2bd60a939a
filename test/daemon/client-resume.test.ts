import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { streamRun } from "../../client/run-events.ts";
import { type OutputBytes, runFrames } from "../../client/run-frames.ts";
import { Transport } from "../../client/transport.ts";
import type { RunEvent } from "../../protocol/event.ts";
import type { RunRequestInput } from "../../protocol/run.ts";
import { openCounter } from "../support/counter.ts";
import { openDirectory } from "../support/directory.ts";
import { openHostedDaemon } from "../support/hosted-daemon.ts";

interface Breaker extends AsyncDisposable {
  readonly socket: string;
  /** How many connections it has cut. */
  cuts(): number;
}

/** Stands before a daemon's socket and cuts each of the first connections after some bytes of answer. */
async function openBreaker(daemonSocket: string, cutAfter: readonly number[]): Promise<Breaker> {
  const directory = await openDirectory();
  const socket = directory.join("breaker.sock");
  const places = [...cutAfter];
  const open = new Set<Socket>();
  let cuts = 0;
  const server = createServer((client) => {
    const daemon = connect(daemonSocket);
    const place = places.shift() ?? Number.POSITIVE_INFINITY;
    let passed = 0;
    for (const side of [client, daemon]) {
      open.add(side);
      side.on("error", () => undefined);
      side.on("close", () => {
        open.delete(side);
        client.destroy();
        daemon.destroy();
      });
    }
    client.pipe(daemon);
    daemon.on("data", (chunk: Buffer) => {
      const rest = place - passed;
      passed += chunk.length;
      if (!client.write(chunk.subarray(0, Math.max(0, rest)))) {
        daemon.pause();
        client.once("drain", () => daemon.resume());
      }
      if (passed < place) return;
      cuts += 1;
      client.destroySoon();
      daemon.destroy();
    });
  });
  server.listen(socket);
  await once(server, "listening");
  return {
    socket,
    cuts: () => cuts,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const side of open) side.destroy();
      await closed;
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** A run's output as it comes, and its ending. */
type Pieces = AsyncIterable<OutputBytes | { readonly event: RunEvent }>;

async function* piecesOf(transport: Transport, request: RunRequestInput): Pieces {
  const bytes = { stdout: 0, stderr: 0 };
  for await (const { event } of streamRun(transport, request, { all: true })) {
    if (event.type !== "output") yield { event };
    else {
      expect(event.offset).toBe(bytes[event.stream]);
      const data = Buffer.from(event.data, event.encoding ?? "utf8");
      bytes[event.stream] += data.length;
      yield { stream: event.stream, bytes: data };
    }
  }
}

const ways = [
  { what: "events", read: piecesOf },
  { what: "frames", read: runFrames },
];

test.each(ways)(
  "a stream of $what that is cut 50 times is resumed: every byte once, and the command once",
  async ({ read }) => {
    await using daemon = await openHostedDaemon();
    await using counter = await openCounter();
    const [out, err] = [randomBytes(6_000_000), randomBytes(2_000_000)];
    await writeFile(`${daemon.home}/out.bin`, out);
    await writeFile(`${daemon.home}/err.bin`, err);
    const places = Array.from({ length: 50 }, () => 2000 + Math.ceil(Math.random() * 100_000));
    await using breaker = await openBreaker(daemon.socket, places);
    using transport = new Transport(breaker.socket);
    const command = `${counter.command}; cat ${daemon.home}/out.bin & cat ${daemon.home}/err.bin >&2; wait`;
    const hashes = { stdout: createHash("sha256"), stderr: createHash("sha256") };
    let complete: unknown;
    for await (const piece of read(transport, { host: "web1", command, recordLimitBytes: 100_000 })) {
      if ("stream" in piece) hashes[piece.stream].update(piece.bytes);
      else complete = piece.event;
    }
    const sha256 = { stdout: hashes.stdout.digest("hex"), stderr: hashes.stderr.digest("hex") };
    expect(breaker.cuts()).toBe(50);
    expect(sha256).toEqual({
      stdout: createHash("sha256").update(out).digest("hex"),
      stderr: createHash("sha256").update(err).digest("hex"),
    });
    expect(complete).toMatchObject({ type: "complete", outcome: "exited", exitCode: 0, sha256 });
    expect(await counter.count()).toBe(1);
  },
);

test.each(ways)(
  "a stream of $what that is cut before it has told of the run begins again, and the command runs once",
  async ({ read }) => {
    await using daemon = await openHostedDaemon();
    await using counter = await openCounter();
    await using breaker = await openBreaker(daemon.socket, [0, 90, 400]);
    using transport = new Transport(breaker.socket);
    const output: Buffer[] = [];
    for await (const piece of read(transport, { host: "web1", command: `${counter.command}; echo done` })) {
      if ("stream" in piece) output.push(piece.bytes);
    }
    expect(breaker.cuts()).toBe(3);
    expect(Buffer.concat(output).toString()).toBe("done\n");
    expect(await counter.count()).toBe(1);
  },
);
