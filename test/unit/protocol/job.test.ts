import { expect, test } from "vitest";
import { JobRequest } from "../../../protocol/job.ts";

const inputs = [
  { name: "n", type: "number" },
  { name: "key", type: "secret" },
] as const;
const problemsOf = (command: string, values: Record<string, string>): string[] => {
  const { error } = JobRequest.safeParse({ targets: ["web1"], command, template: { inputs, values } });
  return (error?.issues ?? []).map(({ path }) => path.join("."));
};

test("a job's template is refused where a value would be no single word, is missing or does not fit", () => {
  expect(problemsOf("echo {{host.name}} {{n}} {{key}}", { n: "1" })).toEqual([]);
  expect(problemsOf('echo "{{host.name}}" {{n}}', { n: "1" })).toEqual(["command"]);
  expect(problemsOf("echo {{host.nme}} {{n}}", { n: "1" })).toEqual(["command"]);
  expect(problemsOf("echo {{host.name}} {{n}}", {})).toEqual(["template.values.n"]);
  expect(problemsOf("echo {{host.name}} {{n}}", { n: "$(id)" })).toEqual(["template.values.n"]);
});

test.each([
  [{ batches: [1, "1%", "100%"], maxFailures: "0%" }, []],
  [{ batches: [0] }, ["batches.0"]],
  [{ batches: ["0%"] }, ["batches.0"]],
  [{ batches: ["101%"] }, ["batches.0"]],
  [{ maxFailures: -1 }, ["maxFailures"]],
])("a batch has a host at least, and failures may be none: %j", (options, wrong) => {
  const { error } = JobRequest.safeParse({ targets: ["web1"], command: "true", ...options });
  expect((error?.issues ?? []).map(({ path }) => path.join("."))).toEqual(wrong);
});
