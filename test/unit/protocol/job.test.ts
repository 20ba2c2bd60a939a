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
