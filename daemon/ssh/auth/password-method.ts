import { visibleText } from "../../../protocol/visible.ts";
import type { LoginAnswer } from "./login-advice.ts";
import { type LoginContext, type LoginMethod, type LoginRequest, maxWrongAnswers } from "./login-method.ts";
import { loginQuestion } from "./login-question.ts";

interface Sent {
  readonly password: string;
  readonly remember: boolean;
  readonly isKept: boolean;
}

const maxInstructionsLength = 4096;

/** The password method (RFC 4252, section 8): first the stored password, then what a person types. */
export class PasswordMethod implements LoginMethod {
  readonly name = "password";
  readonly #context: LoginContext;
  #sent: Sent | undefined;
  #changes = 0;

  constructor(context: LoginContext) {
    this.#context = context;
  }

  async next(): Promise<LoginRequest | undefined> {
    const { hop, place, secrets, dialogue } = this.#context;
    const kept = secrets.password(place);
    if (kept !== undefined) return this.#request({ password: kept, remember: false, isKept: true });
    if (!dialogue.present || dialogue.refused >= maxWrongAnswers) return undefined;
    const question = loginQuestion(this.#context, {
      kind: "password",
      title: `Password for ${hop.user}@${hop.address}`,
      attempt: dialogue.refused + 1,
      fields: [{ label: "Password:", echo: false }],
    });
    const { answers, remember } = await dialogue.ask(question);
    return this.#request({
      password: answers[0] ?? "",
      remember: remember === "session",
      isKept: false,
    });
  }

  refused(partial: boolean): LoginAnswer | undefined {
    const sent = this.#sent;
    if (partial) this.accepted();
    this.#sent = undefined;
    if (partial || sent === undefined) return undefined;
    if (sent.isKept) this.#context.secrets.refusePassword(this.#context.place, sent.password);
    else this.#context.dialogue.refused += 1;
    return sent.isKept ? "kept" : "typed";
  }

  accepted(): void {
    const { secrets, place } = this.#context;
    const sent = this.#sent;
    if (sent?.remember === true) secrets.keepPassword(place, sent.password);
    if (sent?.isKept === true) secrets.accepted(place, "password", sent.password);
  }

  /**
   * The server requires a new password, since the one that was sent has expired: returns both. undefined if nobody can be
   * asked, or the server keeps asking.
   */
  async change(prompt: string): Promise<{ readonly old: string; readonly changed: string } | undefined> {
    const { hop, dialogue } = this.#context;
    const sent = this.#sent;
    this.#changes += 1;
    if (sent === undefined || !dialogue.present) return undefined;
    for (; this.#changes <= maxWrongAnswers; this.#changes += 1) {
      const question = loginQuestion(this.#context, {
        kind: "password",
        title: `The password of ${hop.user}@${hop.address} has expired`,
        instructions: visibleText(prompt, maxInstructionsLength),
        attempt: this.#changes,
        fields: [
          { label: "New password:", echo: false },
          { label: "New password again:", echo: false },
        ],
      });
      const { answers } = await dialogue.ask(question, "change");
      const [changed = "", again] = answers;
      if (changed === "" || changed !== again) continue;
      this.#sent = { ...sent, password: changed, isKept: false };
      return { old: sent.password, changed };
    }
    return undefined;
  }

  #request(sent: Sent): LoginRequest {
    this.#sent = sent;
    return { type: "password", username: this.#context.hop.user, password: sent.password };
  }
}
