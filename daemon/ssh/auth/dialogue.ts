import type { Answers, Question } from "../../transport/questioner.ts";

/** Answers the prompts that arise while a connection is opened. */
export interface Respondent {
  /** Whether a person can be asked now. */
  readonly present: boolean;
  /** Like `Questioner.ask`. Rejects with the question's `unasked` if nobody is there. */
  ask(question: Question, signal: AbortSignal): Promise<Answers>;
}

/**
 * The prompts of one connection, across as many logins as it takes: if a server disconnects while a person types, the
 * answer is used at the next login. Wrong answers are counted.
 */
export class Dialogue implements Disposable {
  readonly #respondent: Respondent;
  readonly #over = new AbortController();
  readonly #signal: AbortSignal;
  /** Answers that no login has used yet, by question. */
  readonly #unused = new Map<string, Answers>();
  /** Answers that were sent and not yet accepted or refused. */
  readonly #unsettled = new Map<string, Answers>();
  #repeated = false;
  #open: { readonly key: string; readonly answer: Promise<Answers> } | undefined;
  /** The number of typed answers refused since a method last succeeded. */
  refused = 0;

  /** Open prompts are withdrawn on disposal, or when `signal` is aborted. */
  constructor(respondent: Respondent, signal: AbortSignal) {
    this.#respondent = respondent;
    this.#signal = AbortSignal.any([signal, this.#over.signal]);
  }

  get present(): boolean {
    return this.#respondent.present;
  }

  /** `subject` distinguishes the question from others with the same fields. */
  async ask(question: Question, subject = ""): Promise<Answers> {
    const labels = question.fields.map(({ label }) => label);
    const key = JSON.stringify([question.kind, subject, labels]);
    const known = this.#unused.get(key);
    this.#unused.delete(key);
    if (known !== undefined) {
      this.#unsettled.set(key, known);
      return known;
    }
    const answer = this.#respondent.ask(question, this.#signal);
    const open = { key, answer };
    this.#open = open;
    try {
      const answers = await answer;
      this.#unsettled.set(key, answers);
      this.#repeated = false;
      return answers;
    } finally {
      if (this.#open === open) this.#open = undefined;
    }
  }

  /** The server has accepted or refused the answers. */
  settled(): void {
    this.#unsettled.clear();
  }

  /**
   * Called after the server disconnected. Resolves to true if another login can use an answer: one that a person is
   * typing, or one that was sent and not judged (sent again once at most). Rejects as the question does.
   */
  async canResume(): Promise<boolean> {
    const open = this.#open;
    if (open === undefined && (this.#repeated || this.#unsettled.size === 0)) return false;
    for (const [key, answers] of this.#unsettled) this.#unused.set(key, answers);
    this.#unsettled.clear();
    if (open === undefined) {
      this.#repeated = true;
      return true;
    }
    this.#open = undefined;
    this.#unused.set(open.key, await open.answer);
    return true;
  }

  [Symbol.dispose](): void {
    this.#over.abort();
  }
}
