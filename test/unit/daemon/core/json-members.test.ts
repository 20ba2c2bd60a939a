import * as fc from "fast-check";
import { expect, test } from "vitest";
import { repeatedMember } from "../../../../daemon/core/json-members.ts";

test.each([
  [`{"a":1,"a":2}`, "a"],
  [String.raw`{"a":1,"\u0061":2}`, "a"],
  [`[{"b":{}},{"c":[{"d":1,"e":2,"d":3}]}]`, "d"],
  [`{"":1,"":2}`, ""],
  [String.raw`{"\"":1,"x":"\"","\"":2}`, '"'],
  [`{ "a" : { "b" : 1 } , "a" : 2 }`, "a"],
])("%s says something twice", (text, name) => {
  expect(repeatedMember(text)).toBe(name);
});

test.each([
  `{"a":{"a":{"a":1}},"b":{"a":1}}`,
  `[{"a":1},{"a":2}]`,
  String.raw`{"a":"\"a\":1,{","b":"}\\","c":["a","a"]}`,
  `"a:a"`,
  "1",
  "[]",
])("%s does not", (text) => {
  expect(repeatedMember(text)).toBeUndefined();
});

test("what JavaScript writes says nothing twice", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => repeatedMember(JSON.stringify(value)) === undefined));
});
