import type { Answers, Question } from "../../transport/questioner.ts";
import type { Respondent } from "../auth/dialogue.ts";
import { abortReason, asError } from "../failure.ts";

/** For when nobody can be asked. */
export const nobody: Respondent = {
  present: false,
  ask: (question) => Promise.reject(question.unasked),
};

/** The part of a request for a connection that concerns prompts. */
interface Asker {
  readonly request: { readonly respondent: Respondent };
}

export interface SharedQuestionsParts<Waiting extends Asker> {
  /** The requests that wait for the connection now. */
  readonly waiting: () => Iterable<Waiting>;
  /** Ends a request for which nobody can be asked. */
  readonly refuse: (pending: Waiting, reason: Error) => void;
}

interface Asked<Waiting> {
  readonly question: Question;
  readonly answered: PromiseWithResolvers<Answers>;
  readonly asking: Map<Waiting, AbortController>;
}

/**
 * The prompts of one connection, shown to everyone who waits for it, including those who join while one is open. The
 * first answer counts for all; a request with nobody to ask fails immediately.
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

  /** A request joined the connection. */
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

  /** A request left the connection. */
  left(pending: Waiting): void {
    const controller = this.#open?.asking.get(pending);
    this.#open?.asking.delete(pending);
    controller?.abort();
  }
}
