import * as fc from "fast-check";
import { utils } from "ssh2";
import { expect, test } from "vitest";
import { rsaBits } from "../../../../../daemon/ssh/host-keys/host-key.ts";

const wireForm = (line: string): Buffer => Buffer.from(line.split(" ")[1] ?? "", "base64");
const rsaKey = (bits: number): Buffer => wireForm(utils.generateKeyPairSync("rsa", { bits }).public);

test.each([512, 1023, 1024, 1025, 2047, 2048])("an RSA key of %i bits has as many", (bits) => {
  expect(rsaBits(rsaKey(bits))).toBe(bits);
});

test("a key of another type has none", () => {
  expect(rsaBits(wireForm(utils.generateKeyPairSync("ed25519").public))).toBeUndefined();
});

test("whatever else stands in an RSA key, it is never longer than it is", () => {
  const key = rsaKey(1024);
  fc.assert(
    fc.property(fc.nat(key.length - 1), (length) => {
      expect(rsaBits(key.subarray(0, length)) ?? 0).toBe(0);
    }),
  );
  const zeros = Buffer.concat([key.subarray(0, 18), Buffer.from([0, 0, 0, 0x40]), Buffer.alloc(0x40)]);
  expect(rsaBits(zeros)).toBe(0);
});
