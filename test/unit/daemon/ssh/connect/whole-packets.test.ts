import * as fc from "fast-check";
import { expect, test } from "vitest";
import { inWholePackets } from "../../../../../daemon/ssh/connect/whole-packets.ts";
import type { Decrypt } from "../../../../../daemon/ssh/ssh2-internals.ts";

/** A packet's length, so many bytes of its own, and a tag. */
function packetOf(length: number, fill: number): Buffer {
  const packet = Buffer.alloc(4 + length + 16, fill);
  packet.writeUInt32BE(length);
  return packet;
}

test("however packets are cut, each is read whole, once and in order", () => {
  const lengths = fc.array(
    fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 30_000, max: 34_976 })),
    {
      minLength: 1,
      maxLength: 12,
    },
  );
  const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 70_000 })), {
    minLength: 1,
    maxLength: 20,
  });
  fc.assert(
    fc.property(lengths, cuts, (all, sizes) => {
      const sent = Buffer.concat(all.map((length, index) => packetOf(length, index + 1)));
      const read: Buffer[] = [];
      const decrypt = inWholePackets((data, from, to) => {
        for (let at = from; at < to; ) {
          const end = at + 4 + data.readUInt32BE(at) + 16;
          expect(end).toBeLessThanOrEqual(to);
          read.push(Buffer.from(data.subarray(at, end)));
          at = end;
        }
        return undefined;
      });
      // As a socket reads: always into the same buffer, at some place of it.
      const buffer = Buffer.alloc(70_010);
      for (let at = 0, turn = 0; at < sent.length; turn += 1) {
        const size = Math.min(sizes[turn % sizes.length] ?? 1, sent.length - at);
        sent.copy(buffer, 10, at, at + size);
        decrypt(buffer, 10, 10 + size);
        buffer.fill(0);
        at += size;
      }
      expect(read.length).toBe(all.length);
      expect(Buffer.concat(read).equals(sent)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test.each([0, 1, 3, 4, 10, 35])(
  "after new keys another decipher goes on behind the packet, cut at %i",
  (cut) => {
    const [last, next] = [packetOf(16, 1), packetOf(32, 2)];
    const data = Buffer.concat([last, next]);
    const decrypt = inWholePackets((_data, from) => from + last.length);
    if (cut > 0) expect(decrypt(data, 0, cut)).toBeUndefined();
    const rest = data.subarray(cut);
    expect(decrypt(rest, 0, rest.length)).toBe(last.length - cut);
  },
);

test("one that stops for good is asked no more, and what can be no packet is handed on at once", () => {
  const stop: Decrypt = () => Infinity;
  const [packet, more] = [packetOf(16, 1), packetOf(16, 2)];
  expect(inWholePackets(stop)(Buffer.concat([packet, more]), 0, 72)).toBe(Infinity);
  const cut = inWholePackets(stop);
  expect(cut(packet, 0, 20)).toBeUndefined();
  expect(cut(packet, 20, 36)).toBe(Infinity);

  const refuse: Decrypt = () => {
    throw new Error("Bad packet length");
  };
  const wrong = Buffer.from("ffffffff00000000", "hex");
  expect(() => inWholePackets(refuse)(wrong, 0, wrong.length)).toThrow("Bad packet length");
  const begun = inWholePackets(refuse);
  expect(begun(wrong, 0, 2)).toBeUndefined();
  expect(() => begun(wrong, 2, 4)).toThrow("Bad packet length");
});
