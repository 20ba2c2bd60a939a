import { describe, expect, test } from "vitest";
import { requireTargets, resolveTargets } from "../../../../daemon/jobs/targets.ts";
import { Problem } from "../../../../protocol/problem.ts";

const host = (name: string, group: string | null = null, tags: string[] = [], production = false) => ({
  name,
  group,
  tags,
  production,
});
const hosts = [
  host("db1", "prod/db", ["sql"], true),
  host("web01", "prod/web", ["web", "eu"], true),
  host("web02", "prod/web", ["web"]),
  host("web03", "test", ["web"]),
  host("web10", "production"),
  host("tag:odd"),
  host("[::1]:22"),
];
const jobs: Readonly<Record<string, readonly string[]>> = {
  "failed j1": ["web02", "gone"],
  "succeeded j1": [],
};
const sources = { hosts, ofJob: (which: string, job: string) => jobs[`${which} ${job}`] };
const resolve = (...targets: string[]) => resolveTargets(targets, sources);

describe("targets mean", () => {
  test.each([
    ["a name", ["web02"], ["web02"]],
    [
      "each once, in the order in which they are said",
      ["web02", "db1", "web0*"],
      ["web02", "db1", "web01", "web03"],
    ],
    ["a pattern", ["web0?"], ["web01", "web02", "web03"]],
    ["a range", ["web[01-02]"], ["web01", "web02"]],
    ["a range and a pattern", ["web[0-0]*", "[d]b1"], ["web01", "web02", "web03"], ["[d]b1"]],
    ["a list of ranges", ["web[01,03,10-10]"], ["web01", "web03", "web10"]],
    ["a tag", ["tag:web"], ["web01", "web02", "web03"]],
    ["tags by a pattern", ["tag:*l"], ["db1"]],
    [
      "a group with those in it, and none that only begins like it",
      ["group:prod"],
      ["db1", "web01", "web02"],
    ],
    ["all", ["all"], hosts.map(({ name }) => name)],
    ["all but some", ["all", "!tag:web", "!db1"], ["web10", "tag:odd", "[::1]:22"]],
    ["all but some, said first", ["!web01", "web0*"], ["web02", "web03"]],
    ["never a host that is called like a tag", ["tag:odd"], [], ["tag:odd"]],
    ["never a host that is called like a pattern alone", ["web0[1-2]*"], ["web01", "web02"]],
    ["an address in brackets", ["[::1]:22"], ["[::1]:22"]],
    ["who failed in a job, where that is there still", ["@failed:j1"], ["web02"], ["gone"]],
    ["nobody where nobody succeeded", ["@succeeded:j1"], []],
    ["nobody by a job that is none", ["@failed:j2"], [], ["@failed:j2"]],
    [
      "nobody by what is not known",
      ["web1", "nope*", "tag:none", "group:pro"],
      [],
      ["web1", "nope*", "tag:none", "group:pro"],
    ],
    ["nobody by an exclusion that means nobody", ["web01", "!web1"], ["web01"], ["!web1"]],
    [
      "nobody by a range that is none",
      ["web[1-", "web[3-1]", "web[a]", "web]"],
      [],
      ["web[1-", "web[3-1]", "web[a]", "web]"],
    ],
    [
      "nobody by a range that explodes",
      ["w[1-99999]", "w[1-999][1-999]"],
      [],
      ["w[1-99999]", "w[1-999][1-999]"],
    ],
  ] as const)("%s", (_, targets, expected, unknown: readonly string[] = []) => {
    expect(resolve(...targets)).toMatchObject({ hosts: expected, unknown });
  });

  test("production hosts by name", () => {
    expect(resolve("all").production).toEqual(["db1", "web01"]);
  });
});

test("a target that is none is told apart from one that matches no host", () => {
  const reasonOf = (...targets: string[]) => {
    try {
      return requireTargets(resolve(...targets));
    } catch (error) {
      return error instanceof Problem ? [error.code, error.members.reason] : error;
    }
  };
  expect(reasonOf("web01", "web1")).toEqual(["invalid_request", "no_match"]);
  expect(reasonOf("web01", "!web01")).toEqual(["invalid_request", "no_match"]);
  expect(reasonOf("web1", "web[03-01]")).toEqual(["invalid_request", undefined]);
});

test("nothing runs where a target means nobody, or nobody is left", () => {
  expect(requireTargets(resolve("web01"))).toEqual(["web01"]);
  expect(() => requireTargets(resolve("web01", "web1"))).toThrow(
    "There is no host for web1. Nothing was run.",
  );
  expect(() => requireTargets(resolve("web[03-01]"))).toThrow(
    "There is no host for web[03-01] (its range 03-01 is reversed). Nothing was run.",
  );
  expect(() => requireTargets(resolve("web[01-99999]"))).toThrow(
    "There is no host for web[01-99999] (its range is too large: 10000 hosts at most). Nothing was run.",
  );
  expect(() => requireTargets(resolve("web01", "!web01"))).toThrow("match no hosts");
  expect(() => requireTargets(resolve("web01,web[02-03,05],db1"))).toThrow(
    "There is no host for web01,web[02-03,05],db1 (separate targets with spaces: web01 web[02-03,05] db1).",
  );
  expect(() => requireTargets(resolve("web01", "!", "db1"))).toThrow(
    "There is no host for ! (write ! directly before what it excludes: !NAME).",
  );
  expect(() => requireTargets(resolve("all", "!host:web01"))).toThrow(
    "There is no host for !host:web01 (name a host without a prefix: !web01).",
  );
  expect(() => requireTargets(resolve("tag:a,b"))).toThrow("There is no host for tag:a,b. Nothing was run.");
  const many = Array.from({ length: 9 }, (_, index) => `no${index}`);
  expect(() => requireTargets(resolve(...many))).toThrow("no0, no1, no2, no3, no4 and 4 more");
});
