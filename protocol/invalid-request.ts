import type * as z from "zod";
import { Problem } from "./problem.ts";
import type { Issue } from "./problem-details.ts";
import { visibleLine } from "./visible.ts";

/** More of them tell nobody more. */
const maxIssues = 50;

/** What a schema found wrong, as an `invalid_request`; `intro` is a sentence that goes before. */
export function invalidRequest(error: z.ZodError, intro?: string): Problem {
  const issues = error.issues.flatMap(issuesOf).slice(0, maxIssues);
  const told = issues.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)).join("; ");
  return new Problem("invalid_request", intro === undefined ? told : `${intro} ${told}`, { issues });
}

/** An unknown field is told by its own path, as a bad one is. */
function issuesOf(issue: z.core.$ZodIssue): Issue[] {
  if (issue.code !== "unrecognized_keys") return [issueAt(issue.path, issue.message)];
  return issue.keys.map((key) => issueAt([...issue.path, key], "is not known here"));
}

function issueAt(path: readonly PropertyKey[], message: string): Issue {
  return { path: visibleLine(path.map(String).join(".")), message: visibleLine(message) };
}
