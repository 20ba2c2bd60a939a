import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { Client } from "ssh2";
import { expect, test, vi } from "vitest";
import {
  connectSharing,
  handOnBriefly,
  keepsNothingOf,
} from "../../../../../daemon/ssh/connect/shared-reading.ts";

/** Both ends of a connection, and how to give it a cipher. */
async function openPair(stack: AsyncDisposableStack) {
  const server = createServer();
  const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const port = Number(Reflect.get(server.address() ?? {}, "port"));
  const socket = connectSharing({ port, host: "127.0.0.1" });
  const peer = await accepted;
  const client = new Client();
  handOnBriefly(client, socket);
  stack.defer(() => {
    socket.destroy();
    peer.destroy();
    server.close();
  });
  return { socket, peer, use: (cipher: string) => client.emit("handshake", { sc: { cipher } }) };
}

const gcm = "aes128-gcm@openssh.com";

test("what a socket read stays as it was for those who keep it, whatever another one reads", async () => {
  await using stack = new AsyncDisposableStack();
  const [first, second] = [await openPair(stack), await openPair(stack)];
  first.use("chacha20-poly1305@openssh.com");
  second.use(gcm);
  const kept: Buffer[] = [];
  first.socket.on("data", (chunk: Buffer) => kept.push(chunk));
  second.socket.resume();
  for (const text of ["one", "two", "three"]) {
    const read = once(first.socket, "data");
    first.peer.write(text);
    await read;
    const overwritten = once(second.socket, "data");
    second.peer.write("-".repeat(1000));
    await overwritten;
  }
  expect(kept.map(String)).toEqual(["one", "two", "three"]);
});

test("what comes while a socket is paused is handed on later, in order, and unharmed by what others read", async () => {
  await using stack = new AsyncDisposableStack();
  const [first, second] = [await openPair(stack), await openPair(stack)];
  first.use(gcm);
  second.use(gcm);
  const sent = Buffer.from(Array.from({ length: 1_000_000 }, (_, index) => (index * 7919) >> 3));
  const read: Buffer[] = [];
  first.socket.on("data", (chunk: Buffer) => {
    read.push(Buffer.from(chunk));
    if (read.length % 3 !== 0) return;
    first.socket.pause();
    setImmediate(() => first.socket.resume());
  });
  first.socket.pause();
  second.socket.resume();
  first.peer.write(sent.subarray(0, 100));
  first.socket.read(0);
  await vi.waitUntil(() => first.socket.readableLength > 0);
  const overwritten = once(second.socket, "data");
  second.peer.write(Buffer.alloc(100_000));
  await overwritten;
  first.peer.end(sent.subarray(100));
  first.socket.resume();
  await once(first.socket, "end");
  expect(Buffer.concat(read).equals(sent)).toBe(true);
});

test("with AES-GCM a socket's bytes are handed on as they lie in the one buffer", async () => {
  await using stack = new AsyncDisposableStack();
  const [first, second] = [await openPair(stack), await openPair(stack)];
  const buffers: ArrayBufferLike[] = [];
  for (const { socket, peer, use } of [first, second]) {
    use(gcm);
    socket.on("data", (chunk: Buffer) => buffers.push(chunk.buffer));
    const read = once(socket, "data");
    peer.write("x");
    await read;
  }
  expect(buffers[0]).toBe(buffers[1]);
});

test("ssh2 is known to keep nothing with AES-GCM only", () => {
  expect(["aes128-gcm@openssh.com", "aes256-gcm@openssh.com"].map(keepsNothingOf)).toEqual([true, true]);
  for (const cipher of ["chacha20-poly1305@openssh.com", "aes128-ctr", "aes256-cbc", ""])
    expect(keepsNothingOf(cipher)).toBe(false);
});
