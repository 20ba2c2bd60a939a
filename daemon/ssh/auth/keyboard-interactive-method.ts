import type { Prompt } from "ssh2";
import { isPasswordField } from "../../../protocol/password-label.ts";
import { maxPromptFields } from "../../../protocol/prompt.ts";
import { visibleLine, visibleText } from "../../../protocol/visible.ts";
import { protocolError } from "../failure.ts";
import type { LoginAnswer } from "./login-advice.ts";
import { type LoginContext, type LoginMethod, type LoginRequest, maxWrongAnswers } from "./login-method.ts";
import { loginQuestion } from "./login-question.ts";

/** The state of one request. */
interface Exchange {
  rounds: number;
  asking: boolean;
  /** Whether a person was asked. */
  asked: boolean;
  /** The stored password, if it was sent. */
  kept: string | undefined;
  /** The typed password, if it is to be stored. */
  remember: string | undefined;
}

interface Round {
  readonly name: string;
  readonly instructions: string;
  readonly prompts: readonly Prompt[];
  readonly finish: (answers: string[]) => void;
}

/** More rounds than any login needs; otherwise a server could prompt forever. */
const maxRounds = 20;
const maxInstructionsLength = 4096;

/** The server's own prompts (RFC 4256), in as many rounds as it sends. */
export class KeyboardInteractiveMethod implements LoginMethod {
  readonly name = "keyboard-interactive";
  readonly #context: LoginContext;
  #exchange = newExchange();
  #useless = false;

  constructor(context: LoginContext) {
    this.#context = context;
  }

  next(): Promise<LoginRequest | undefined> {
    const { hop, place, secrets, dialogue } = this.#context;
    const canTry = dialogue.present && dialogue.refused < maxWrongAnswers;
    if (this.#useless || (!canTry && secrets.password(place) === undefined))
      return Promise.resolve(undefined);
    this.#exchange = newExchange();
    return Promise.resolve({
      type: "keyboard-interactive",
      username: hop.user,
      prompt: (...[name, instructions, , prompts, finish]) => {
        this.#answer({ name, instructions, prompts, finish }).catch((reason: unknown) =>
          this.#context.fail(reason),
        );
      },
    });
  }

  refused(partial: boolean): LoginAnswer | undefined {
    const { rounds, asked, kept } = this.#exchange;
    if (partial) {
      this.accepted();
      return undefined;
    }
    // As in OpenSSH: a server that refuses before any prompt has none.
    if (rounds === 0) this.#useless = true;
    if (kept !== undefined) this.#context.secrets.refusePassword(this.#context.place, kept);
    if (!asked) return kept === undefined ? undefined : "kept";
    this.#context.dialogue.refused += 1;
    return "typed";
  }

  accepted(): void {
    const { secrets, place } = this.#context;
    const { remember, kept } = this.#exchange;
    if (kept !== undefined) secrets.accepted(place, "password", kept);
    if (remember !== undefined) secrets.keepPassword(place, remember);
  }

  async #answer({ name, instructions, prompts, finish }: Round): Promise<void> {
    const { hop, dialogue } = this.#context;
    const exchange = this.#exchange;
    exchange.rounds += 1;
    const excess =
      exchange.asking || exchange.rounds > maxRounds
        ? "asks one question after the other, without end,"
        : prompts.length > maxPromptFields
          ? `asks ${prompts.length} questions at once`
          : undefined;
    if (excess !== undefined) {
      throw protocolError(hop, `${excess} in the login (keyboard-interactive). Look at what this server is.`);
    }
    const isPassword = asksForPassword(prompts);
    const kept = isPassword && exchange.rounds === 1 ? this.#kept() : undefined;
    if (kept !== undefined) {
      exchange.kept = kept;
      finish([kept]);
      return;
    }
    const question = loginQuestion(this.#context, {
      kind: "keyboardInteractive",
      title: visibleLine(name) || `Login to ${hop.user}@${hop.address}`,
      instructions: visibleText(instructions, maxInstructionsLength),
      attempt: dialogue.refused + 1,
      fields: prompts.map(({ prompt, echo }) => ({ label: visibleLine(prompt), echo: echo === true })),
    });
    exchange.asked = true;
    exchange.asking = true;
    const { answers, remember } = await dialogue.ask(question, String(exchange.rounds));
    exchange.asking = false;
    if (isPassword && remember === "session") exchange.remember = answers[0];
    finish([...answers]);
  }

  #kept(): string | undefined {
    const { place, secrets } = this.#context;
    return secrets.password(place);
  }
}

function asksForPassword(prompts: readonly Prompt[]): boolean {
  const [only] = prompts;
  return prompts.length === 1 && isPasswordField({ label: only?.prompt ?? "", echo: only?.echo });
}

function newExchange(): Exchange {
  return { rounds: 0, asking: false, asked: false, kept: undefined, remember: undefined };
}
