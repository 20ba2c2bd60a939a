import { isOfFields, refusedFields } from "../protocol/invalid-request.ts";
import { Problem } from "../protocol/problem.ts";
import type { Issue } from "../protocol/problem-details.ts";

/** The option or argument that sets each field of a request. */
export type OptionNames = Readonly<Record<string, string>>;

/**
 * Whether every invalid field was given as an option or argument: incorrect usage, even if the daemon found it. Targets
 * that merely match no host are none.
 */
export function isOfOptions(failure: unknown): boolean {
  if (!(failure instanceof Problem) || failure.code !== "invalid_request") return false;
  const { issues = [], reason } = failure.members;
  if (reason === "no_match") return false;
  return issues.length > 0 && issues.every(({ path }) => /^(?:--|(?:HOST|NAME|TARGET|COMMAND)$)/.test(path));
}

/** Replaces field names in a refusal by the options that the user typed; returns anything else unchanged. */
export function inOptionNames<Failure>(failure: Failure, names: OptionNames): Failure | Problem {
  if (!(failure instanceof Problem)) return failure;
  const { code, message, cause, members } = failure;
  if (members.issues === undefined) return failure;
  const issues = members.issues.map((issue) => ({ ...issue, path: optionOf(issue, names) }));
  return isOfFields(failure)
    ? refusedFields(issues)
    : new Problem(code, message, { ...members, issues, cause });
}

/** `batches.0` belongs to `--batches`, `env.A-B` to `--env A-B`. */
function optionOf({ path }: Issue, names: OptionNames): string {
  const [field = "", ...below] = path.split(".");
  const name = Object.hasOwn(names, field) ? names[field] : undefined;
  if (name === undefined) return path;
  return [name, ...below.filter((part) => !/^\d+$/.test(part))].join(" ");
}
