import type { Answers, Question } from "../../transport/questioner.ts";
import type { Respondent } from "../auth/dialogue.ts";
import { abortReason, asError } from "../failure.ts";

/** Nobody is there. */
export const nobody: Respondent = {
  present: false,
  ask: (question) => Promise.reject(question.unasked),
};

/** One who waits for a connection, as far as questions go. */
interface Asker {
  readonly request: { readonly respondent: Respondent };
}

export interface SharedQuestionsParts<Waiting extends Asker> {
  /** Who waits for the connection now. */
  readonly waiting: () => Iterable<Waiting>;
  /** Ends somebody's waiting: nobody is there for it. */
  readonly refuse: (pending: Waiting, reason: Error) => void;
}

interface Asked<Waiting> {
  readonly question: Question;
  readonly answered: PromiseWithResolvers<Answers>;
  readonly asking: Map<Waiting, AbortController>;
}

/**
 * The questions of one connection, put to everybody who waits for it, also to those who come while one is open. The first
 * answer counts for all; who has nobody to ask fails at once.
 */
export class SharedQuestions<Waiting extends Asker> implements Respondent {
  readonly #parts: SharedQuestionsParts<Waiting>;
  #open: Asked<Waiting> | undefined;

  constructor(parts: SharedQuestionsParts<Waiting>) {
    this.#parts = parts;
  }

  get present(): boolean {
    return [...this.#parts.waiting()].some(({ request }) => request.respondent.present);
  }

  async ask(question: Question, signal: AbortSignal): Promise<Answers> {
    signal.throwIfAborted();
    if (!this.present) throw question.unasked;
    const asked: Asked<Waiting> = { question, answered: Promise.withResolvers(), asking: new Map() };
    const abort = (): void => asked.answered.reject(abortReason(signal));
    signal.addEventListener("abort", abort, { once: true });
    this.#open = asked;
    try {
      for (const pending of this.#parts.waiting()) this.joined(pending);
      return await asked.answered.promise;
    } finally {
      signal.removeEventListener("abort", abort);
      this.#open = undefined;
      for (const controller of asked.asking.values()) controller.abort();
    }
  }

  /** Somebody waits for the connection from now on. */
  joined(pending: Waiting): void {
    const asked = this.#open;
    if (asked === undefined) return;
    const { respondent } = pending.request;
    if (!respondent.present) {
      this.#parts.refuse(pending, asked.question.unasked);
      return;
    }
    const controller = new AbortController();
    asked.asking.set(pending, controller);
    const { resolve, reject } = asked.answered;
    respondent.ask(asked.question, controller.signal).then(resolve, (reason: unknown) => {
      if (asked.asking.has(pending)) reject(asError(reason));
    });
  }

  /** Somebody does not wait any more. */
  left(pending: Waiting): void {
    const controller = this.#open?.asking.get(pending);
    this.#open?.asking.delete(pending);
    controller?.abort();
  }
}
