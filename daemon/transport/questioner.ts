import type { Problem } from "../../protocol/problem.ts";
import type { Prompt, Remember } from "../../protocol/prompt.ts";

/** What a connection needs from a person. Text from outside has been made visible and short. */
export interface Question
  extends Readonly<
    Pick<Prompt, "kind" | "host" | "hop" | "user" | "title" | "instructions" | "attempt" | "fields" | "key">
  > {
  /** The failure of a run if nobody can be asked. */
  readonly unasked: Problem;
}

/** One answer for each field of the question, in order. */
export interface Answers {
  readonly answers: readonly string[];
  readonly remember: Remember;
}

/** A way to ask a person on behalf of one run. */
export interface Questioner {
  /**
   * Resolves to the answers. Runs that pass the identical `Question` object share one prompt, and so its answers. Rejects
   * with a `declined` Problem, also if nobody answers in time, or with the signal's reason; the prompt closes once nobody
   * waits for it.
   */
  ask(question: Question, signal: AbortSignal): Promise<Answers>;
}
