import type { LoginContext, LoginMethod, LoginRequest } from "./login-method.ts";

/** Asks to be let in without anything; a refusal says what else the server takes. */
export class NoneMethod implements LoginMethod {
  readonly name = "none";
  readonly #user: string;
  #tried = false;

  constructor({ hop }: LoginContext) {
    this.#user = hop.user;
  }

  next(): Promise<LoginRequest | undefined> {
    if (this.#tried) return Promise.resolve(undefined);
    this.#tried = true;
    return Promise.resolve({ type: "none", username: this.#user });
  }

  refused(): undefined {
    // It was only a question.
  }

  accepted(): void {
    // Nothing is kept of it.
  }
}
