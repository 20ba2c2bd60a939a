import type { LoginContext, LoginMethod, LoginRequest } from "./login-method.ts";

/** The "none" method; its refusal lists the methods that the server accepts. */
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
    // Only the list of methods was wanted.
  }

  accepted(): void {
    // Nothing to remember.
  }
}
