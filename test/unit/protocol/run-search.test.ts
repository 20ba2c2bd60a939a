import * as fc from "fast-check";
import { expect, test } from "vitest";
import { RunQuery } from "../../../protocol/run-query.ts";
import { parseRunSearch, runFilterNames, withRunFilter } from "../../../protocol/run-search.ts";

const now = new Date(2026, 2, 1, 12, 30, 15);
const yesterday = new Date(2026, 1, 28).toISOString();
const job = "0199aaaa-0000-7000-8000-000000000000";

test.each<[string, object]>([
  ["", {}],
  ["  ", {}],
  ["no space left", { q: "no space left" }],
  ["host:web1 exit:3 since:yesterday", { host: "web1", exit: "3", since: yesterday }],
  ["error host:web1  text", { host: "web1", q: "error text" }],
  ["exit:!0", { exit: "!0" }],
  ["exit:>=2", { exit: ">=2" }],
  ["is:Failed outcome:TIMEDOUT state:ended", { is: "failed", outcome: "timedOut", state: "ended" }],
  ['since:"3 days ago"', { since: new Date(2026, 1, 26, 12, 30, 15).toISOString() }],
  ["until:2026-01-31", { until: new Date(2026, 0, 31).toISOString() }],
  [`job:${job.toUpperCase()}`, { job }],
  ["job:0199aaaa", { job: "0199aaaa" }],
  ["pinned:yes", { pinned: "true" }],
  ["HOST:web1 pinned:No", { host: "web1", pinned: "false" }],
  ['"host:web1 is down"', { q: "host:web1 is down" }],
  ['"a  b" c', { q: "a  b c" }],
  ["!host:web1 host:web2", { notHost: "web1", host: "web2" }],
  ["!host:web1 x !HOST:web2,web3", { notHost: "web1,web2,web3", q: "x" }],
  [
    "!is:failed !outcome:timedout !state:ended",
    { notIs: "failed", notOutcome: "timedOut", notState: "ended" },
  ],
  [`!job:${job}`, { notJob: job }],
  ["!important !", { q: "!important !" }],
  ['"!" host:web1', { q: "!", host: "web1" }],
  ["a!host:b !http://x", { q: "a!host:b !http://x" }],
  ['"!host:web1"', { q: "!host:web1" }],
  // What only looks like a filter is text.
  ["Permission denied: no", { q: "Permission denied: no" }],
  ["http://example.org", { q: "http://example.org" }],
  ["12:30 a:", { q: "12:30 a:" }],
  ['say"hi"', { q: 'say"hi"' }],
])("%s", (text, filters) => {
  expect(parseRunSearch(text, now)).toEqual({ filters });
});

test.each([
  [
    "hots:web1",
    `There is no filter hots:. Use one of ${runFilterNames.map((name) => `${name}:`).join(", ")}`,
  ],
  ["constructor:x", "There is no filter constructor:."],
  ["host:", "host: needs a value."],
  ["host:a host:b", "host: is given more than once."],
  ["!is:failed !is:running", "!is: is given more than once."],
  ["!host:", "!host: needs a value."],
  ["! host:web1", "! excludes only what directly follows it: !host:web1."],
  ['failed ! is:"failed"', 'directly follows it: !is:"failed".'],
  ["!host:a,,b", '!host: is "a,,b", but must be a name, or several with commas between.'],
  ["!exit:0", '!exit: is "0", but cannot be negated; use exit:!0.'],
  ["!since:yesterday", "use until:."],
  ["!hots:web1", "There is no filter hots:."],
  ["exit:three", 'exit: is "three", but must be an exit code such as 3, !0, >0, >=2 or <128.'],
  ["exit:-1", 'exit: is "-1"'],
  ["is:done", "must be one of running, succeeded, failed."],
  ["outcome:ok", "must be one of exited, signaled, failed, timedOut, cancelled, unknown."],
  ["since:soon", "must be a time such as yesterday"],
  ["job:0199", "8 or more characters"],
  ["pinned:maybe", "must be yes or no."],
  ['"open', "A quotation mark is not closed."],
  ['host:"web1', "A quotation mark is not closed."],
  ["x".repeat(1025), "must be at most 1024 characters"],
])("%j is refused", (text, problem) => {
  expect(parseRunSearch(text, now).problem).toContain(problem);
});

test("whatever is typed is refused with a sentence or is a query of the API", () => {
  const name = fc.constantFrom(...runFilterNames, "x");
  const value = fc.oneof(fc.string(), fc.constantFrom("web1", "3", "!0", "yesterday", "failed", "yes"));
  const piece = fc.oneof(
    fc.string(),
    fc.tuple(name, value).map(([one, other]) => `${one}:${other}`),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      const read = parseRunSearch(pieces.join(" "), now);
      if (read.problem === undefined) expect(RunQuery.safeParse(read.filters).success).toBe(true);
      else expect(read.problem).toMatch(/\.$/);
    }),
  );
});

test("a filter takes the place of the one before, and the rest stays as it was typed", () => {
  expect(withRunFilter("", "is", "failed")).toBe("is:failed");
  expect(withRunFilter('IS:running "a  b" host:web1', "is", "failed")).toBe('"a  b" host:web1 is:failed');
  expect(withRunFilter("host:web1 oops", "host", undefined)).toBe("oops");
  expect(parseRunSearch(withRunFilter("", "host", 'odd "name')).filters).toEqual({ host: "odd name" });
});
