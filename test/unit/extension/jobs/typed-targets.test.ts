import { expect, test } from "vitest";
import { typedTargets } from "../../../../extension/jobs/typed-targets.ts";

test.each<[string, string[]]>([
  ["", []],
  ["web1  db*\tweb[01-20]", ["web1", "db*", "web[01-20]"]],
  ['tag:"front end" !"group:old web"', ["tag:front end", "!group:old web"]],
  ['"tag:front end', ["tag:front end"]],
  ['""', []],
])("%j", (text, targets) => {
  expect(typedTargets(text)).toEqual(targets);
});
