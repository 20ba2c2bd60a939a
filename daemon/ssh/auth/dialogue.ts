import type { Answers, Question } from "../../transport/questioner.ts";

/** Who may be asked while a connection is opened. */
export interface Respondent {
  /** Whether anybody is there now. */
  readonly present: boolean;
  /** As `Questioner.ask`. Rejects with the question's `unasked` where nobody is there. */
  ask(question: Question, signal: AbortSignal): Promise<Answers>;
}

/**
 * What a person is asked for one connection, over as many logins as it takes: a server that hangs up while they type gets
 * the answer at the next login, and wrong answers are counted.
 */
export class Dialogue implements Disposable {
  readonly #respondent: Respondent;
  readonly #over = new AbortController();
  readonly #signal: AbortSignal;
  /** Answers that no login has taken yet, by what was asked. */
  readonly #unused = new Map<string, Answers>();
  /** Answers that were taken, and that the server has not said anything to. */
  readonly #unsettled = new Map<string, Answers>();
  #repeated = false;
  #open: { readonly key: string; readonly answer: Promise<Answers> } | undefined;
  /** Of what a person typed, how much was refused since a method last succeeded. */
  refused = 0;

  /** What is asked when it is disposed of, or `signal` is aborted, is withdrawn. */
  constructor(respondent: Respondent, signal: AbortSignal) {
    this.#respondent = respondent;
    this.#signal = AbortSignal.any([signal, this.#over.signal]);
  }

  get present(): boolean {
    return this.#respondent.present;
  }

  /** `subject`: what tells the question from others like it. */
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

  /** The server has taken or refused what it was answered. */
  settled(): void {
    this.#unsettled.clear();
  }

  /**
   * After a server hung up: resolves to true when another login can go on with what a person answers, or has answered to
   * no avail, which is sent a second time at most. Rejects as the question does.
   */
  async outlasts(): Promise<boolean> {
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
