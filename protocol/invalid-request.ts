import type * as z from "zod";
import { Problem } from "./problem.ts";
import type { Issue } from "./problem-details.ts";
import { visibleLine } from "./visible.ts";

/** More of them tell nobody more. */
const maxIssues = 50;

/** The `reason` of an `invalid_request` whose detail only lists its issues, so that a client may name the fields as it does. */
const justFields = "fields";

/** What a schema found wrong, as an `invalid_request`; `intro` is a sentence that goes before. */
export function invalidRequest(error: z.ZodError, intro?: string): Problem {
  return refusedFields(error.issues.flatMap(issuesOf).slice(0, maxIssues), intro);
}

/** The same of one field, by whatever looked at it. */
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

/** An unknown field is told by its own path, as a bad one is. */
function issuesOf(issue: z.core.$ZodIssue): Issue[] {
  if (issue.code !== "unrecognized_keys") return [issueAt(issue.path, issue.message)];
  return issue.keys.map((key) => issueAt([...issue.path, key], "is not known here"));
}

function issueAt(path: readonly PropertyKey[], message: string): Issue {
  return { path: visibleLine(path.map(String).join(".")), message: visibleLine(message) };
}
