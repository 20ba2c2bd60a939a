import { foldNames } from "../../../protocol/host-set.ts";
import { Problem } from "../../../protocol/problem.ts";
import { visibleText } from "../../../protocol/visible.ts";
import { hopName } from "../../transport/hop-name.ts";
import type { Answers, Question, Questioner } from "../../transport/questioner.ts";
import type { SecretMemory } from "../../transport/secret-memory.ts";
import type { Target } from "../../transport/remote.ts";
import { declinedForSudo, lastLine, sudoUnanswered, whose } from "./sudo-problems.ts";

/** A run whose sudo waits for a password. */
export interface SudoRequest {
  readonly target: Target;
  readonly questioner: Questioner | undefined;
  /** Whose password, and what sudo has printed before. */
  readonly user: string;
  readonly output: string;
  /** Passwords that sudo has already rejected for this run. */
  readonly refused: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * What became of a password: sudo began the command, or asked again; or it ended, which does not prove the password
 * wrong (the login may not be allowed to use sudo); or the result is unknown.
 */
export type SudoVerdict =
  | { readonly kind: "accepted" | "refused" | "unknown" }
  | { readonly kind: "ended"; readonly output: string };

/** A password to try. */
export interface SudoAttempt {
  readonly password: string;
  settle(verdict: SudoVerdict): void;
}

const maxNamesLength = 300;
const maxOutputLength = 2000;

/**
 * One password for several runs: those that begin at once on a login, or those of a job whose hosts, according to the
 * user, share one. A single run tries it, and the others use it once sudo has accepted it: a mistyped password costs
 * one failed attempt, not one per host, which would lock an account.
 */
export class SudoGate {
  readonly #memory: SecretMemory;
  /** The hosts of the job that may still need it, named in the question; undefined: a single login. */
  #hosts: readonly string[] | undefined;
  #question: Question | undefined;
  /** Rejections since a person was last asked. */
  #refusals = 0;
  /** What the last host printed that ended without a verdict. */
  #lastFailure = "";
  #trying: Promise<void> | undefined;
  #accepted: Answers | undefined;
  #declined: Problem | undefined;

  constructor(memory: SecretMemory, hosts?: readonly string[]) {
    this.#memory = memory;
    this.#hosts = hosts;
  }

  /** To be called when a host of the job no longer needs a password. */
  leave(host: string): void {
    this.#hosts = this.#hosts?.filter((each) => each !== host);
  }

  /**
   * The next password to try. Rejects with a Problem, e.g. `declined`, which all runs of a job share, or with the
   * signal's reason.
   */
  async next(request: SudoRequest): Promise<SudoAttempt> {
    const { target, refused, signal } = request;
    const kept = this.#memory.sudoPassword(target);
    if (kept !== undefined && !refused.includes(kept)) return this.#attempt(target, kept, true);
    for (;;) {
      signal.throwIfAborted();
      if (this.#declined !== undefined) throw declinedForSudo(target, this.#declined);
      if (this.#accepted !== undefined) {
        const accepted = firstOf(this.#accepted);
        // This host has a different password.
        if (refused.includes(accepted)) return this.#askAlone(request);
        return this.#attempt(target, accepted, this.#accepted.remember === "session");
      }
      if (this.#trying === undefined) {
        const attempt = await this.#ask(request);
        if (attempt !== undefined) return attempt;
      } else await this.#trying;
    }
  }

  /** All waiting runs share the same question; the first to get the answer tries it. */
  async #ask(request: SudoRequest): Promise<SudoAttempt | undefined> {
    const question = (this.#question ??= this.#shared(request));
    const answers = await this.#answers(request, question);
    if (this.#question !== question) return undefined;
    this.#question = undefined;
    const password = firstOf(answers);
    const trying = Promise.withResolvers<void>();
    this.#trying = trying.promise;
    const attempt = this.#attempt(request.target, password, answers.remember === "session");
    const settle = (verdict: SudoVerdict): void => {
      attempt.settle(verdict);
      if (verdict.kind === "accepted") this.#accepted = answers;
      this.#refusals = verdict.kind === "refused" ? this.#refusals + 1 : 0;
      this.#lastFailure = verdict.kind === "ended" ? failureNotice(request.target, verdict.output) : "";
      this.#trying = undefined;
      trying.resolve();
    };
    return { password, settle };
  }

  async #answers({ target, user, questioner, signal }: SudoRequest, question: Question): Promise<Answers> {
    if (questioner === undefined) throw sudoUnanswered(target, user);
    try {
      return await questioner.ask(question, signal);
    } catch (failure) {
      if (!(failure instanceof Problem) || failure.code !== "declined") throw failure;
      this.#declined = failure;
      throw declinedForSudo(target, failure);
    }
  }

  #shared(request: SudoRequest): Question {
    const { target, user } = request;
    const hosts = this.#hosts;
    const attempt = this.#refusals + 1;
    const before = this.#lastFailure;
    if (hosts === undefined || hosts.length <= 1) return questionOf(request, attempt, { notice: before });
    const title = `Password of ${whose(user, target)} for sudo on ${hosts.length} hosts: ${shortened(foldNames(hosts))}`;
    const first = `It is tried on ${target.name} first. Once sudo accepts it there, it is used on each of the others that asks for one.`;
    return questionOf(request, attempt, { title, notice: `${before}${first}` });
  }

  async #askAlone(request: SudoRequest): Promise<SudoAttempt> {
    const { target, refused } = request;
    const notice = `The password of the other hosts was not taken on ${target.name}. This one is for ${target.name} alone.`;
    const asked = questionOf(request, refused.length + 1, { notice });
    const { questioner, signal, user } = request;
    if (questioner === undefined) throw sudoUnanswered(target, user);
    const answers = await questioner.ask(asked, signal);
    return this.#attempt(target, firstOf(answers), answers.remember === "session");
  }

  #attempt(target: Target, password: string, remember: boolean): SudoAttempt {
    const settle = ({ kind }: SudoVerdict): void => {
      if (kind === "refused" || kind === "ended") this.#memory.refuseSudoPassword(target, password);
      else if (kind === "accepted" && remember) this.#memory.keepSudoPassword(target, password);
    };
    return { password, settle };
  }
}

function firstOf({ answers }: Answers): string {
  return answers[0] ?? "";
}

function failureNotice({ name }: Target, output: string): string {
  const said = output.trim() === "" ? "" : `: ${lastLine(output)}`;
  return `sudo on ${name} ended without running the command${said}\n`;
}

function questionOf(
  { target, user, output }: SudoRequest,
  attempt: number,
  { title, notice }: { readonly title?: string; readonly notice?: string } = {},
): Question {
  const said = visibleText(output, maxOutputLength);
  return {
    kind: "secret",
    host: target.name,
    hop: hopName(target),
    user: target.user,
    title: title ?? `Password of ${whose(user, target)} for sudo on ${target.name}`,
    instructions: [notice ?? "", said].filter((text) => text !== "").join("\n"),
    attempt,
    fields: [{ label: "Password:", echo: false }],
    key: null,
    unasked: sudoUnanswered(target, user),
  };
}

function shortened(names: string): string {
  return names.length <= maxNamesLength ? names : `${names.slice(0, maxNamesLength)}…`;
}
