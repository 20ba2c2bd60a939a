import { parseArgs } from "node:util";
import { assert, constantFrom, array, property } from "fast-check";
import { expect, it } from "vitest";
import { type Token, tokensOf, valuesOf } from "../../../cli/arguments.ts";

const options = {
  cwd: { type: "string" },
  env: { type: "string", multiple: true, short: "e" },
  forks: { type: "string", short: "f" },
  quiet: { type: "boolean", short: "q" },
  "no-stdin": { type: "boolean", short: "n" },
  // A letter may be a name, too.
  v: { type: "boolean", multiple: true },
} as const;

const pieces = [
  "",
  ...(
    "--cwd --cwd= --cwd=/a=b --env -e -eA=1 -e=A -f -f3 -qf -qnf3 -nq --quiet --quiet=yes --no-stdin " +
    "-q -v -vv --v -x -xq --none --none=1 -- - host a=b -é --= --=x --toString -1 --no-quiet"
  ).split(" "),
];

it("takes arguments apart as Node does", () => {
  assert(
    property(array(constantFrom(...pieces), { maxLength: 8 }), (args) => {
      const own = tokensOf(args, options);
      const node = parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true });
      expect(own.map(asNodes)).toEqual(
        node.tokens.map((token) => {
          if (token.kind !== "option") return { kind: token.kind, index: token.index };
          const { kind, index, name, rawName, value, inlineValue } = token;
          return { kind, index, name, rawName, value, inlineValue: inlineValue ?? false };
        }),
      );
    }),
    { numRuns: 1000 },
  );
});

it("gives the values that Node does where nothing is misused", () => {
  let compared = 0;
  assert(
    property(array(constantFrom(...pieces), { maxLength: 8 }), (args) => {
      let values: object;
      try {
        values = { ...parseArgs({ args, options, allowPositionals: true }).values };
      } catch {
        return;
      }
      expect(valuesOf(tokensOf(args, options), options)).toEqual(values);
      compared += 1;
    }),
    { numRuns: 1000 },
  );
  expect(compared).toBeGreaterThan(50);
});

it("takes letters that are given as one for options each, but a dash among them for none", () => {
  expect(tokensOf(["-q-"], options)).toEqual([
    { kind: "option", index: 0, name: "quiet", given: "-q", value: undefined, isJoined: false },
    { kind: "option", index: 0, name: "-", given: "--", value: undefined, isJoined: false },
  ]);
});

function asNodes(token: Token): object {
  if (token.kind !== "option")
    return { kind: token.kind === "end" ? "option-terminator" : "positional", index: token.index };
  const { kind, index, name, given, value, isJoined } = token;
  return { kind, index, name, rawName: given, value, inlineValue: value !== undefined && isJoined };
}
