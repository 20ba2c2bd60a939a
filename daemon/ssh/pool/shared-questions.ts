import type { Answers, Question } from "../../transport/questioner.ts";
import type { Respondent } from "../auth/dialogue.ts";
import { abortReason, asError } from "../failure.ts";

/** Nobody is there. */
export const nobody: Respondent = {
  present: false,
  ask: (question) => Promise.reject(question.unasked),
};

/** One who waits for a connection, as far as questions go. */
interface Waiter {
  readonly request: { readonly respondent: Respondent };
}

export interface SharedQuestionsParts<Waiting extends Waiter> {
  /** Who waits for the connection now. */
  readonly waiting: () => Iterable<Waiting>;
  /** Ends somebody's waiting: nobody is there for it. */
  readonly refuse: (waiter: Waiting, reason: Error) => void;
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
export class SharedQuestions<Waiting extends Waiter> implements Respondent {
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
      for (const waiter of this.#parts.waiting()) this.joined(waiter);
      return await asked.answered.promise;
    } finally {
      signal.removeEventListener("abort", abort);
      this.#open = undefined;
      for (const controller of asked.asking.values()) controller.abort();
    }
  }

  /** Somebody waits for the connection from now on. */
  joined(waiter: Waiting): void {
    const asked = this.#open;
    if (asked === undefined) return;
    const { respondent } = waiter.request;
    if (!respondent.present) {
      this.#parts.refuse(waiter, asked.question.unasked);
      return;
    }
    const controller = new AbortController();
    asked.asking.set(waiter, controller);
    const { resolve, reject } = asked.answered;
    respondent.ask(asked.question, controller.signal).then(resolve, (reason: unknown) => {
      if (asked.asking.has(waiter)) reject(asError(reason));
    });
  }

  /** Somebody does not wait any more. */
  left(waiter: Waiting): void {
    const controller = this.#open?.asking.get(waiter);
    this.#open?.asking.delete(waiter);
    controller?.abort();
  }
}
