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

type ProblemOptions = ProblemMembers & {
  readonly cause?: unknown;
  /** By default as problem-codes.ts has it for the code. */
  readonly retryable?: boolean;
};

/** The one error type that crosses Hostrun's own boundaries. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: ProblemCode;
  readonly members: ProblemMembers;
  /** Whether sending the request again may succeed, and cannot run a command twice. */
  readonly retryable: boolean;

  /**
   * `detail` is for a person: what failed, on which host, what to do next; it becomes one visible line. It must not
   * contain a secret, nor external text that `visibleLine` has not shortened.
   */
  constructor(code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    const { cause, retryable = problems[code].retryable, ...members } = options;
    super(visibleLine(detail, maxDetailLength), cause === undefined ? undefined : { cause });
    this.code = code;
    this.members = members;
    this.retryable = retryable;
    // V8 turns frames into text when the stack is first read. Until then they hold their functions, with all that those
    // refer to: connections that ended because of one another made a chain, of which one kept all.
    void this.stack;
  }

  get status(): number {
    return problems[this.code].status;
  }

  toJSON(): ProblemDetails {
    const { status, title } = problems[this.code];
    return {
      type: `urn:hostrun:problem:${this.code}`,
      title,
      status,
      code: this.code,
      detail: this.message,
      retryable: this.retryable,
      ...this.members,
    };
  }

  static fromDetails(details: ProblemDetails): Problem {
    const { type: _type, title: _title, status: _status, code, detail, ...members } = details;
    return new Problem(code, detail, members);
  }

  /** Undefined if the text is not a problem as JSON, e.g. that of a program that crashed. */
  static fromJson(text: string): Problem | undefined {
    try {
      const details: unknown = JSON.parse(text);
      return isProblemDetails(details) ? Problem.fromDetails(details) : undefined;
    } catch {
      return undefined;
    }
  }
}
