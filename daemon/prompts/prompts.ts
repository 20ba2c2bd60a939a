import type { ChangeInput } from "../../protocol/change.ts";
import { refusedField } from "../../protocol/invalid-request.ts";
import { Problem } from "../../protocol/problem.ts";
import type { Prompt, PromptAnswers, PromptKind, PromptOutcome } from "../../protocol/prompt.ts";
import type { Clock } from "../core/clock.ts";
import { uuidv7 } from "../core/uuid.ts";
import type { Answers, Question, Questioner } from "../transport/questioner.ts";
import { declined } from "./declined.ts";

/** Waits for the answer to a prompt, and reports its prompts in a place of its own. */
export interface PromptAsker {
  /** null: a test of a host. */
  readonly runId: string | null;
  opened(prompt: Prompt): void;
  closed(promptId: string, outcome: PromptOutcome): void;
}

export interface PromptsParts {
  readonly clock: Clock;
  /** Milliseconds, read for each prompt. */
  readonly timeoutMs: () => number;
  readonly onChange: (change: Extract<ChangeInput, { type: "prompt" | "promptClosed" }>) => void;
}

interface Waiting {
  readonly asker: PromptAsker;
  resolve(answers: Answers): void;
  reject(reason: Error): void;
}

interface OpenPrompt {
  readonly question: Question;
  prompt: Prompt;
  readonly waiting: Set<Waiting>;
  readonly timer: NodeJS.Timeout;
}

/** The questions that wait for a person. They are kept in memory only, and answers only until they are passed on. */
export class Prompts implements Disposable {
  readonly #parts: PromptsParts;
  readonly #open = new Map<string, OpenPrompt>();
  readonly #byQuestion = new WeakMap<Question, OpenPrompt>();

  constructor(parts: PromptsParts) {
    this.#parts = parts;
  }

  /** Asks on behalf of one run, or of a test of a host. */
  questioner(asker: PromptAsker): Questioner {
    return { ask: (question, signal) => this.#ask(question, asker, signal) };
  }

  /** The oldest first. */
  list(): Prompt[] {
    return [...this.#open.values()].map(({ prompt }) => prompt);
  }

  /** Throws `prompt_closed`; `invalid_request` if the answers do not fit the question, which then stays open. */
  answer(id: string, { answers, remember }: PromptAnswers): void {
    const open = this.#find(id);
    refuseUnfit(open.prompt, answers);
    for (const waiting of this.#close(open, "answered")) waiting.resolve({ answers, remember });
  }

  /** Rejects for everything that waits for it. Throws `prompt_closed`. */
  decline(id: string): void {
    this.#refuse(this.#find(id), "declined");
  }

  [Symbol.dispose](): void {
    for (const open of this.#open.values()) this.#refuse(open, "withdrawn");
  }

  #ask(question: Question, asker: PromptAsker, signal: AbortSignal): Promise<Answers> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const open = this.#byQuestion.get(question) ?? this.#create(question);
      const leave = (): void => {
        const reason: unknown = signal.reason;
        reject(reason instanceof Error ? reason : new Error("The question was withdrawn", { cause: reason }));
        if (!open.waiting.delete(waiting)) return;
        asker.closed(open.prompt.id, "withdrawn");
        if (open.waiting.size === 0) this.#close(open, "withdrawn");
        else this.#publish(open);
      };
      const done = (): void => signal.removeEventListener("abort", leave);
      const waiting: Waiting = {
        asker,
        resolve: (answers) => {
          done();
          resolve(answers);
        },
        reject: (reason) => {
          done();
          reject(reason);
        },
      };
      if (!this.#open.has(open.prompt.id)) throw closed();
      open.waiting.add(waiting);
      signal.addEventListener("abort", leave, { once: true });
      this.#publish(open);
      asker.opened(open.prompt);
    });
  }

  #create(question: Question): OpenPrompt {
    const { clock, timeoutMs } = this.#parts;
    const { unasked: _, ...asked } = question;
    const createdAt = clock.now();
    const spanMs = timeoutMs();
    const prompt: Prompt = {
      id: uuidv7(),
      ...asked,
      runIds: [],
      createdAt,
      expiresAt: new Date(Date.parse(createdAt) + spanMs).toISOString(),
    };
    const timer = setTimeout(() => this.#refuse(open, "expired"), spanMs);
    const open: OpenPrompt = { question, prompt, waiting: new Set(), timer };
    this.#open.set(prompt.id, open);
    this.#byQuestion.set(question, open);
    return open;
  }

  /** Runs join and leave while it is open. */
  #publish(open: OpenPrompt): void {
    const runIds = [...open.waiting].flatMap(({ asker }) => asker.runId ?? []);
    open.prompt = { ...open.prompt, runIds };
    this.#parts.onChange({ type: "prompt", prompt: open.prompt });
  }

  #find(id: string): OpenPrompt {
    const open = this.#open.get(id);
    if (open === undefined) throw closed();
    return open;
  }

  #refuse(open: OpenPrompt, outcome: Exclude<PromptOutcome, "answered">): void {
    const problem = declined(open.question, outcome, this.#parts.timeoutMs());
    for (const waiting of this.#close(open, outcome)) waiting.reject(problem);
  }

  /** Returns those that waited. */
  #close(open: OpenPrompt, outcome: PromptOutcome): readonly Waiting[] {
    clearTimeout(open.timer);
    this.#open.delete(open.prompt.id);
    const waiting = [...open.waiting];
    open.waiting.clear();
    for (const { asker } of waiting) asker.closed(open.prompt.id, outcome);
    this.#parts.onChange({ type: "promptClosed", promptId: open.prompt.id, outcome });
    return waiting;
  }
}

function refuseUnfit({ kind, fields }: Prompt, answers: readonly string[]): void {
  const message = unfit(kind, answers, fields.length);
  if (message === undefined) return;
  throw refusedField("answers", message);
}

function unfit(kind: PromptKind, answers: readonly string[], fields: number): string | undefined {
  if (answers.length !== fields) return `must be ${fields}, one for each field`;
  if (kind === "hostKey" && answers[0] !== "accept" && answers[0] !== "acceptOnce")
    return 'must be "accept" or "acceptOnce"; DELETE declines';
  // Its reader takes one line, and would misinterpret the rest.
  if (kind === "secret" && answers.some((answer) => /[\r\n]/.test(answer))) return "must be one line";
  return undefined;
}

function closed(): Problem {
  return new Problem(
    "prompt_closed",
    "This question is closed: it was answered or declined, or nothing waits for it any more.",
  );
}
