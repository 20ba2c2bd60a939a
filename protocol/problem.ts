import { isFlag, isListOf, isMissingOr, isNullOr, isObjectWith, isOneOf, isText, isWhole } from "./check.ts";
import { problems, type ProblemCode } from "./problem-codes.ts";
import type { ProblemDetails, ProblemMembers } from "./problem-details.ts";
import { visibleLine } from "./visible.ts";

export type { ProblemCode, ProblemDetails, ProblemMembers };

const isFingerprint = isObjectWith({
  fingerprint: isText,
  keyType: isText,
  at: isText,
  remove: isMissingOr(isText),
});

const isTestStep = isObjectWith({
  name: isOneOf("configure", "resolve", "connect", "hostKey", "authentication", "exec"),
  host: isText,
  hop: isText,
  state: isOneOf("running", "done", "failed", "reused", "skipped"),
  durationMs: isNullOr((value) => typeof value === "number"),
  note: isNullOr(isText),
});

/** Matches the schema of problem-details.ts. */
const isDetails = isObjectWith({
  type: isText,
  title: isText,
  status: isWhole,
  code: isOneOf(...Object.keys(problems)),
  detail: isText,
  retryable: isFlag,
  issues: isMissingOr(isListOf(isObjectWith({ path: isText, message: isText }))),
  host: isMissingOr(isText),
  hop: isMissingOr(isText),
  address: isMissingOr(isText),
  port: isMissingOr(isWhole),
  reason: isMissingOr(isText),
  keyType: isMissingOr(isText),
  fingerprint: isMissingOr(isText),
  key: isMissingOr(isText),
  expected: isMissingOr(isListOf(isFingerprint)),
  steps: isMissingOr(isListOf(isTestStep)),
  retryAfterMs: isMissingOr(isWhole),
  written: isMissingOr(isListOf(isText)),
});

export function isProblemDetails(value: unknown): value is ProblemDetails {
  return isDetails(value);
}

/** Leaves room for the names of every key that a login tried. */
const maxDetailLength = 6000;

/** The one error type that crosses Hostrun's own boundaries. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: ProblemCode;
  readonly members: ProblemMembers;

  /**
   * `detail` is for a person: what failed, on which host, what to do next; it becomes one visible line. It must not
   * contain a secret, nor external text that `visibleLine` has not shortened.
   */
  constructor(code: ProblemCode, detail: string, options: ProblemMembers & { cause?: unknown } = {}) {
    const { cause, ...members } = options;
    super(visibleLine(detail, maxDetailLength), cause === undefined ? undefined : { cause });
    this.code = code;
    this.members = members;
  }

  get status(): number {
    return problems[this.code].status;
  }

  toJSON(): ProblemDetails {
    const { status, title, retryable } = problems[this.code];
    return {
      type: `urn:hostrun:problem:${this.code}`,
      title,
      status,
      code: this.code,
      detail: this.message,
      retryable,
      ...this.members,
    };
  }

  static fromDetails(details: ProblemDetails): Problem {
    const {
      type: _type,
      title: _title,
      status: _status,
      code,
      detail,
      retryable: _retryable,
      ...members
    } = details;
    return new Problem(code, detail, members);
  }
}
