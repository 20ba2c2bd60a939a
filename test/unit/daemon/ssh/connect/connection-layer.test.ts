import { Duplex } from "node:stream";
import { expect, test } from "vitest";
import { openConnectionLayer } from "../../../../../daemon/ssh/connect/connection-layer.ts";
import { wireString } from "../../../../../daemon/ssh/wire-string.ts";

/** The end that the client has, and what it wrote to it. */
function openWire(): { socket: Duplex; written: () => Buffer; say: (bytes: Buffer) => void } {
  const chunks: Buffer[] = [];
  const socket = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(chunk);
      done();
    },
  });
  return { socket, written: () => Buffer.concat(chunks), say: (bytes) => void socket.push(bytes) };
}

const uint32 = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value, 4 * at);
  return bytes;
};
const frame = (message: Buffer): Buffer =>
  Buffer.concat([uint32(message.length + 1), Buffer.from([0]), message]);
const text = (value: string): Buffer => wireString(Buffer.from(value));

test("a command runs although every byte comes by itself, and nothing but channels' messages is sent", async () => {
  const { socket, written, say } = openWire();
  const client = openConnectionLayer(socket, "OpenSSH_9.2p1");
  const output = Promise.withResolvers<string>();
  client.exec("id", (_failure, channel) => {
    channel.on("data", (chunk: Buffer) => output.resolve(chunk.toString()));
  });
  await expect.poll(() => written()[5]).toBe(90);
  const open = Buffer.concat([Buffer.from([90]), text("session"), uint32(0, 2_097_152, 32_768)]);
  expect(written()).toEqual(frame(open));
  const answers = [
    Buffer.concat([Buffer.from([91]), uint32(0, 7, 2_097_152, 32_768)]),
    Buffer.concat([Buffer.from([99]), uint32(0)]),
    Buffer.concat([Buffer.from([94]), uint32(0), text("uid=0")]),
  ];
  for (const byte of Buffer.concat(answers.map(frame))) say(Buffer.from([byte]));
  expect(await output.promise).toBe("uid=0");
  const exec = Buffer.concat([Buffer.from([98]), uint32(7), text("exec"), Buffer.from([1]), text("id")]);
  client.end();
  expect(written()).toEqual(Buffer.concat([frame(open), frame(exec)]));
});

test.each([0, 1, 256 * 1024 + 1, 0xffffffff])("a frame of %i bytes is the end of it", async (length) => {
  const { socket, say } = openWire();
  const client = openConnectionLayer(socket, "OpenSSH_9.2p1");
  const failed = new Promise<Error>((resolve) => client.once("error", resolve));
  say(Buffer.concat([uint32(length), Buffer.alloc(16)]));
  expect((await failed).message).toBe("Bad frame length");
});
