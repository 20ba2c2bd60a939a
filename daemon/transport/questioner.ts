import type { Problem } from "../../protocol/problem.ts";
import type { Prompt, Remember } from "../../protocol/prompt.ts";

/** What a connection needs of a person. Text from outside in it is visible and short. */
export interface Question
  extends Readonly<
    Pick<Prompt, "kind" | "host" | "hop" | "user" | "title" | "instructions" | "attempt" | "fields" | "key">
  > {
  /** What a run fails with for which nobody is there to be asked. */
  readonly unasked: Problem;
}

/** One answer for each field of the question, in order. */
export interface Answers {
  readonly answers: readonly string[];
  readonly remember: Remember;
}

/** Somebody who can be asked, on behalf of one run. */
export interface Questioner {
  /**
   * Resolves with what was answered. Runs whose questioners are asked the very same `Question` object share one prompt,
   * and so the answer. Rejects with a `declined` Problem, also when nobody answers in time, and with the signal's
   * reason; the prompt closes when nobody waits for it any more.
   */
  ask(question: Question, signal: AbortSignal): Promise<Answers>;
}
