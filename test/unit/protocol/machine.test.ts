import { expect, test } from "vitest";
import { machineFinder } from "../../../protocol/machine.ts";

const at = (address: string, port = 22, ...jump: string[]) => ({ address, port, jump });

test.each([
  ["the same place", at("10.0.0.5"), true],
  ["another spelling of its name", at("DB.example.org"), true],
  ["another port", at("10.0.0.5", 2222), false],
  ["another address", at("10.0.0.6"), false],
  ["the same address, by a bastion", at("10.0.0.5", 22, "bastion"), true],
  ["the same bastion as another user", at("10.1.0.5", 22, "root@bastion:22"), true],
  ["the same address behind another bastion", at("10.1.0.5", 22, "staging"), false],
  ["what one of two behind bastions is directly", at("10.1.0.5"), true],
])("%s", (_what, host, isFound) => {
  const known = [at("10.0.0.5"), at("db.example.org"), at("10.1.0.5", 22, "bastion")];
  expect(machineFinder(known)(host) !== undefined).toBe(isFound);
});

test.each([
  ["127.0.0.1", "localhost", true],
  ["127.0.0.1", "LOCALHOST.", true],
  ["127.0.0.1", "::ffff:127.0.0.1", true],
  ["127.0.0.1", "::1", true],
  ["localhost", "0:0:0:0:0:0:0:1", true],
  ["127.0.0.1", "127.1", true],
  ["127.0.0.2", "::ffff:127.0.0.2", true],
  ["127.0.0.1", "127.0.0.2", false],
  ["localhost", "127.0.0.2", false],
  ["10.0.0.5", "::ffff:10.0.0.5", true],
  ["10.0.0.5", "::ffff:a00:5", true],
  ["2001:db8::5", "2001:DB8:0:0:0:0:0:5", true],
  ["10.0.0.5", "::ffff:10.0.0.6", false],
  ["127.0.0.1", "10.0.0.5", false],
  ["db1", "db1.", true],
  ["db1", "127.0.0.1", false],
  ["127.example.org", "127.0.0.1", false],
])("%s and %s are one machine: %s", (known, other, isOne) => {
  expect(machineFinder([at(known)])(at(other)) !== undefined).toBe(isOne);
});

test("of several on one machine the first that fits is found", () => {
  const known = ["a", "b"].map((name) => ({ ...at("10.0.0.5"), name }));
  const find = machineFinder(known);
  expect(find(at("10.0.0.5"))?.name).toBe("a");
  expect(find(at("10.0.0.5"), ({ name }) => name === "b")?.name).toBe("b");
  expect(find(at("10.0.0.5"), () => false)).toBeUndefined();
});
