import * as vscode from "vscode";
import { Problem, type ProblemDetails } from "../protocol/problem.ts";
import { linkless, shortened } from "./plain-text.ts";

/** What the user can do about a problem, besides opening the log. */
export interface ProblemAction {
  readonly title: string;
  readonly act: () => unknown;
}

/** Reports failures to the user, each with what to do next and a button for the log. */
export class ProblemReport {
  readonly #log: vscode.LogOutputChannel;
  readonly #actionsFor: (problem: ProblemDetails) => readonly ProblemAction[];
  /** A failure of the daemon reaches everything that waits for it, but is reported once. */
  readonly #reported = new WeakSet<Error>();

  /** `actionsFor`: what the user can do about a problem, whatever caused it. */
  constructor(
    log: vscode.LogOutputChannel,
    actionsFor: (problem: ProblemDetails) => readonly ProblemAction[],
  ) {
    this.#log = log;
    this.#actionsFor = actionsFor;
  }

  /** Reports that `what` failed, e.g. "The host could not be saved". Does not wait for the user. */
  show(what: string, failure: unknown, ...actions: readonly ProblemAction[]): void {
    if (isAbort(failure)) return;
    const problem = asProblem(failure);
    if (this.#reported.has(problem)) return;
    this.#reported.add(problem);
    this.#log.error(`${what}: ${problem.code}: ${problem.message}`);
    for (const line of problem.members.written ?? []) this.#log.error(line);
    if (problem.cause !== undefined) this.#log.error(inspected(problem.cause));
    const showLog = { title: vscode.l10n.t("Show Log"), act: () => this.#log.show(true) };
    const text = linkless(shortened(`${what}. ${problem.message}${errorLine(problem)}`, 400));
    const fixes = this.actionsFor(problem.toJSON());
    const shown = vscode.window.showErrorMessage(text, ...actions, ...fixes, showLog);
    void shown.then((action) => action?.act());
  }

  /** What the user can do about a problem, whatever caused it. */
  actionsFor(problem: ProblemDetails): readonly ProblemAction[] {
    return this.#actionsFor(problem);
  }

  /** Runs the work of a command, and reports its failure. */
  async attempt<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (failure) {
      this.show(what, failure);
      return undefined;
    }
  }
}

export function isAbort(failure: unknown): boolean {
  return failure instanceof Error && (failure.name === "AbortError" || failure.name === "Canceled");
}

/** Converts any thrown value into a Problem. */
export function asProblem(failure: unknown): Problem {
  if (failure instanceof Problem) return failure;
  const detail = failure instanceof Error ? failure.message : String(failure);
  return new Problem("internal", detail, { cause: failure });
}

/** The output of a program that died goes to the log; only the line that names the error ("Error: …") is shown. */
function errorLine(problem: Problem): string {
  const found = problem.members.written?.find((line) => /^[\w ]+: /.test(line));
  return found === undefined ? "" : ` ${found}`;
}

function inspected(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}
