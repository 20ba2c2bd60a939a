import { Duplex } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { OutgoingQueue } from "../../../../../daemon/ssh/connect/outgoing-queue.ts";

const mebibyte = 1024 * 1024;

/** A peer that takes what is sent to it when it is told to, and the queue before it. */
function openPeer() {
  const taken: Buffer[] = [];
  let takes = false;
  let waiting: (() => void) | undefined;
  const socket = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      taken.push(chunk);
      if (takes) done();
      else waiting = done;
    },
  });
  const seen = { sent: 0, exceeded: 0, blocked: false };
  const queue = new OutgoingQueue(socket, {
    blocked: () => seen.blocked,
    sent: (bytes) => {
      seen.sent += bytes;
    },
    exceeded: () => {
      seen.exceeded += 1;
    },
  });
  /** As ssh2 does it: written at once, whether it is read or not. */
  const openChannel = (): Duplex => {
    const channel = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        socket.write(chunk);
        done();
      },
    });
    queue.pace(channel);
    return channel;
  };
  const take = (): void => {
    takes = true;
    waiting?.();
  };
  return { socket, queue, seen, openChannel, take, bytes: () => Buffer.concat(taken) };
}

test("channels wait for a peer that does not read, and lose nothing when it does", async () => {
  const { socket, openChannel, take, bytes, seen } = openPeer();
  const channels = [1, 2, 3].map((number) => {
    const channel = openChannel();
    channel.end(Buffer.alloc(mebibyte, number));
    return channel;
  });
  await nextTurn();
  expect(socket.writableLength).toBeLessThan(mebibyte / 4);
  expect(channels.map((channel) => channel.writableLength)).toEqual(channels.map(() => mebibyte));
  const ended = Promise.all(
    channels.map((channel) => new Promise((resolve) => channel.on("finish", resolve))),
  );
  take();
  await ended;
  await nextTurn();
  const counts = [0, 0, 0, 0];
  for (const byte of bytes()) counts[byte] = (counts[byte] ?? 0) + 1;
  expect(counts).toEqual([0, mebibyte, mebibyte, mebibyte]);
  expect(seen).toMatchObject({ sent: 3 * mebibyte, exceeded: 0 });
});

test("what one channel sends arrives in its order", async () => {
  const { openChannel, take, bytes } = openPeer();
  const sent = Buffer.alloc(mebibyte);
  for (let at = 0; at < sent.length; at += 4) sent.writeUInt32BE(at, at);
  const channel = openChannel();
  for (let at = 0; at < sent.length; at += 99_999) channel.write(sent.subarray(at, at + 99_999));
  const finished = new Promise((resolve) => channel.on("finish", resolve));
  channel.end();
  take();
  await finished;
  await nextTurn();
  expect(bytes().equals(sent)).toBe(true);
});

test("nothing goes out during a key exchange, and all of it afterwards", async () => {
  const { socket, queue, openChannel, take, bytes, seen } = openPeer();
  take();
  seen.blocked = true;
  const channel = openChannel();
  channel.write("later");
  await nextTurn();
  expect([socket.writableLength, bytes().length, channel.writableLength]).toEqual([0, 0, 5]);
  seen.blocked = false;
  queue.flush();
  await nextTurn();
  expect(bytes().toString()).toBe("later");
});

test("what is sent in one turn of the event loop goes out together", async () => {
  const { socket, openChannel, take, bytes } = openPeer();
  take();
  socket.write("asked ");
  await Promise.resolve();
  openChannel().write("and answered");
  expect(bytes().length).toBe(0);
  await nextTurn();
  expect(bytes().toString()).toBe("asked and answered");
});

test("a peer that has us answer and takes nothing is told of once the answers are many", () => {
  const { socket, seen } = openPeer();
  socket.write(Buffer.alloc(4 * mebibyte));
  socket.emit("data", Buffer.alloc(1));
  expect(seen.exceeded).toBe(0);
  socket.write("one more");
  socket.emit("data", Buffer.alloc(1));
  expect(seen.exceeded).toBe(1);
});
