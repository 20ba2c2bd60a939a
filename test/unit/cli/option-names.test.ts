import { expect, test } from "vitest";
import { inOptionNames, isOfOptions } from "../../../cli/option-names.ts";
import { refusedFields } from "../../../protocol/invalid-request.ts";
import { Problem } from "../../../protocol/problem.ts";

const names = { batches: "--batches", env: "--env", host: "HOST" };
const issues = [
  { path: "batches.0", message: "must be a number" },
  { path: "env.A-B", message: "is not a name" },
  { path: "other", message: "is not known here" },
];

test("fields that a schema refused are named as they were typed", () => {
  const told = inOptionNames(Problem.fromDetails(refusedFields(issues).toJSON()), names);
  expect(told.message).toBe(
    "--batches: must be a number; --env A-B: is not a name; other: is not known here",
  );
  expect(isOfOptions(told)).toBe(false);
  expect(isOfOptions(inOptionNames(refusedFields(issues.slice(0, 2)), names))).toBe(true);
});

test("a sentence of its own stays, whatever it says, and its fields are named", () => {
  const detail = "host: must be one";
  const problem = new Problem("invalid_request", detail, {
    issues: [{ path: "host", message: "must be one" }],
  });
  const told = inOptionNames(problem, names);
  expect(told).toMatchObject({ message: detail, members: { issues: [{ path: "HOST" }] } });
  // An argument is part of the command line, too.
  expect(isOfOptions(told)).toBe(true);
  expect(isOfOptions(problem)).toBe(false);
});
