import type { Daemon } from "../../client/daemon.ts";
import { Problem } from "../../protocol/problem.ts";
import type { Prompt, Remember } from "../../protocol/prompt.ts";

/** Shows prompts to the person at the terminal, one at a time, and sends the answers to the daemon. */
export class TerminalPrompts {
  readonly #daemon: Daemon;
  readonly #remember: Remember;
  readonly #open = new Map<string, AbortController>();
  #turn: Promise<void> = Promise.resolve();

  constructor(daemon: Daemon, remember: Remember = "no") {
    this.#daemon = daemon;
    this.#remember = remember;
  }

  opened(prompt: Prompt): void {
    if (this.#open.has(prompt.id)) return;
    const closed = new AbortController();
    this.#open.set(prompt.id, closed);
    this.#turn = this.#turn.then(() => this.#answer(prompt, closed.signal)).catch(() => undefined);
  }

  /** The prompt was answered elsewhere, or nothing waits for it any more. */
  closed(id: string): void {
    this.#open.get(id)?.abort();
  }

  async #answer(prompt: Prompt, closed: AbortSignal): Promise<void> {
    if (closed.aborted) return;
    const { askPerson } = await import("./ask-person.ts");
    const answers = await askPerson(prompt, closed);
    if (closed.aborted) return;
    const params = { prompt: prompt.id };
    try {
      if (answers === undefined) await this.#daemon.call("declinePrompt", { params });
      else {
        const body = { answers, remember: this.#remember };
        await this.#daemon.call("answerPrompt", { params, body });
      }
    } catch (error) {
      // Another client was faster; the waiting run or test reports the result.
      if (!(error instanceof Problem) || error.code !== "prompt_closed") throw error;
    }
  }
}
