import type * as z from "zod";
import { Problem } from "./problem.ts";
import type { Issue } from "./problem-details.ts";
import { visibleLine } from "./visible.ts";

/** More than this would not help anyone. */
const maxIssues = 50;

/**
 * The `reason` of an `invalid_request` whose detail only lists its issues, so that a client may show its own names of
 * the fields.
 */
const justFields = "fields";

/** The issues found by a schema, as an `invalid_request`; `intro` is a sentence that precedes them. */
export function invalidRequest(error: z.ZodError, intro?: string): Problem {
  return refusedFields(error.issues.flatMap(issuesOf).slice(0, maxIssues), intro);
}

/** The same for one field, from any other check. */
export function refusedField(path: string, message: string): Problem {
  return refusedFields([{ path, message }]);
}

export function refusedFields(issues: readonly Issue[], intro?: string): Problem {
  const listed = issues
    .map(({ path, message }) => (path === "" ? message : `${path}: ${message}`))
    .join("; ");
  return intro === undefined
    ? new Problem("invalid_request", listed, { reason: justFields, issues: [...issues] })
    : new Problem("invalid_request", `${intro} ${listed}`, { issues: [...issues] });
}

export function isOfFields({ members }: Problem): boolean {
  return members.reason === justFields;
}

/** An unknown field is reported by its own path, as an invalid one is. */
function issuesOf(issue: z.core.$ZodIssue): Issue[] {
  if (issue.code !== "unrecognized_keys") return [issueAt(issue.path, issue.message)];
  return issue.keys.map((key) => issueAt([...issue.path, key], "is not known here"));
}

function issueAt(path: readonly PropertyKey[], message: string): Issue {
  return { path: visibleLine(path.map(String).join(".")), message: visibleLine(message) };
}
