import { Problem } from "../protocol/problem.ts";
import type { Issue } from "../protocol/problem-details.ts";

/** The option or argument that each field of a request comes from. */
export type OptionNames = Readonly<Record<string, string>>;

/** Whether all that is wrong was typed as options: wrong usage, whoever finds it. */
export function isOfOptions(failure: unknown): boolean {
  if (!(failure instanceof Problem) || failure.code !== "invalid_request") return false;
  const { issues = [] } = failure.members;
  return issues.length > 0 && issues.every(({ path }) => path.startsWith("--"));
}

/** A refusal of fields, in the words of what was typed; anything else as it is. */
export function inOptionNames(failure: unknown, names: OptionNames): unknown {
  if (!(failure instanceof Problem)) return failure;
  const { code, message, cause, members } = failure;
  const { issues: fields } = members;
  if (fields === undefined) return failure;
  const issues = fields.map((issue) => ({ ...issue, path: optionOf(issue, names) }));
  // What was refused by its schema says nothing but its issues.
  const isListed = message === listed(fields);
  return new Problem(code, isListed ? listed(issues) : message, { ...members, issues, cause });
}

/** `batches.0` is of `--batches`, `env.A-B` of `--env A-B`. */
function optionOf({ path }: Issue, names: OptionNames): string {
  const [field = "", ...below] = path.split(".");
  const name = Object.hasOwn(names, field) ? names[field] : undefined;
  if (name === undefined) return path;
  return [name, ...below.filter((part) => !/^\d+$/.test(part))].join(" ");
}

function listed(issues: readonly Issue[]): string {
  return issues.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)).join("; ");
}
