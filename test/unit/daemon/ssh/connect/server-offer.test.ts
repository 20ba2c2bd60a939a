import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseServerOffer } from "../../../../../daemon/ssh/connect/server-offer.ts";
import { message, plainPacket } from "../../../../support/hostile-wire.ts";

const lists = ["a,b", "c", "d", "e", "f", "g", "none", "none", "", ""];
const kexInit = plainPacket(
  Buffer.concat([Buffer.from([20]), Buffer.alloc(16, 7), message(0, ...lists).subarray(1), Buffer.alloc(5)]),
);
const greeting = Buffer.from("Welcome\r\nSSH-2.0-Any_1.0 comment\r\n");
const offer = {
  kex: ["a", "b"],
  serverHostKey: ["c"],
  cipher: { to: ["d"], from: ["e"] },
  hmac: { to: ["f"], from: ["g"] },
};

test("the lists are read behind a greeting, and behind messages that are to be ignored", () => {
  const ignored = plainPacket(message(2, "noise"));
  expect(parseServerOffer(Buffer.concat([greeting, kexInit]))).toEqual(offer);
  expect(parseServerOffer(Buffer.concat([greeting, ignored, ignored, kexInit, ignored]))).toEqual(offer);
});

test("what is cut off is nothing", () => {
  const whole = Buffer.concat([greeting, kexInit]);
  for (let length = 0; length < whole.length; length += 1) {
    expect(parseServerOffer(whole.subarray(0, length))).toBeUndefined();
  }
});

test("no bytes make it throw", () => {
  const bytes = fc.uint8Array({ maxLength: 300 }).map((rest) => Buffer.concat([greeting, rest]));
  const mutants = fc.tuple(fc.nat(kexInit.length - 1), fc.nat(255)).map(([at, byte]) => {
    const mutant = Buffer.concat([greeting, kexInit]);
    mutant[greeting.length + at] = byte;
    return mutant;
  });
  fc.assert(fc.property(fc.oneof(bytes, mutants), (given) => void parseServerOffer(given)));
});
