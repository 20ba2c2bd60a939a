import { formatCount } from "../../../protocol/count.ts";
import { Problem, type ProblemCode } from "../../../protocol/problem.ts";
import { membersOf, nameOf } from "../failure.ts";
import { KeyboardInteractiveMethod } from "./keyboard-interactive-method.ts";
import { type LoginAnswer, passwordAdvice, refusedAnswerAdvice } from "./login-advice.ts";
import type { LoginContext, LoginMethod, LoginRequest } from "./login-method.ts";
import { NoneMethod } from "./none-method.ts";
import { PasswordMethod } from "./password-method.ts";
import { PublicKeyMethod } from "./public-key-method.ts";

export type AuthenticationOptions = Omit<LoginContext, "signal" | "unasked">;

type MethodName = "publickey" | "keyboard-interactive" | "password";

/** In OpenSSH's order (PreferredAuthentications). */
const usualOrder: readonly MethodName[] = ["publickey", "keyboard-interactive", "password"];

/**
 * Tries the authentication methods that the server accepts, one after the other, and records what was tried for the
 * report. Disposing cancels pending agent requests.
 */
export class Authentication implements Disposable {
  readonly #options: AuthenticationOptions;
  readonly #over = new AbortController();
  readonly #keys: PublicKeyMethod;
  readonly #password: PasswordMethod;
  readonly #none: NoneMethod;
  readonly #order: readonly LoginMethod[];
  #current: LoginMethod | undefined;
  /** The methods that can continue; undefined before the server has listed them. */
  #offered: readonly string[] | undefined;
  /** Methods that succeeded partially. */
  readonly #taken: string[] = [];
  /** Refused answers, by method. */
  readonly #refusedAnswers = new Map<string, LoginAnswer>();

  constructor(options: AuthenticationOptions) {
    this.#options = options;
    const context: LoginContext = {
      ...options,
      signal: this.#over.signal,
      unasked: () => this.failure(undefined),
    };
    this.#keys = new PublicKeyMethod(context);
    this.#password = new PasswordMethod(context);
    this.#none = new NoneMethod(context);
    const methods: Readonly<Record<MethodName, LoginMethod>> = {
      publickey: this.#keys,
      "keyboard-interactive": new KeyboardInteractiveMethod(context),
      password: this.#password,
    };
    this.#order = orderOf(options).map((name) => methods[name]);
  }

  /** undefined: nothing is left to try. Rejects with a Problem when a person declines. */
  async next(): Promise<LoginRequest | undefined> {
    const offered = this.#offered;
    if (offered === undefined) {
      // Without a key to offer at once, "none" asks the server for its methods.
      const first = this.#order[0] === this.#keys ? await this.#requestOf(this.#keys) : undefined;
      return first ?? this.#requestOf(this.#none);
    }
    for (const method of this.#order) {
      const request = offered.includes(method.name) ? await this.#requestOf(method) : undefined;
      if (request !== undefined) return request;
    }
    return undefined;
  }

  /** The last request was refused or, with `partial`, succeeded partially. `methods`: those that can continue. */
  refused(methods: readonly string[], partial: boolean): void {
    this.#offered = methods;
    this.#options.dialogue.settled();
    const method = this.#current;
    if (method === undefined) return;
    const answer = method.refused(partial);
    if (answer !== undefined) this.#refusedAnswers.set(method.name, answer);
    if (!partial) return;
    this.#taken.push(method.name);
    this.#options.dialogue.refused = 0;
  }

  /** The login succeeded. */
  accepted(): void {
    this.#options.dialogue.settled();
    this.#current?.accepted();
  }

  /** See `PasswordMethod.change`. */
  changePassword(prompt: string): ReturnType<PasswordMethod["change"]> {
    return this.#password.change(prompt);
  }

  /** The fingerprint of the key that was tried last; null if none was. */
  get lastKey(): string | null {
    return this.#keys.lastKey;
  }

  /** `said`: the server's reason for disconnecting, if it disconnected. */
  failure(said: string | undefined): Problem {
    const { hop, credentials } = this.#options;
    const fault = this.#refusedAnswers.size === 0 && this.#takesKeys ? credentials.fault : undefined;
    const code: ProblemCode = fault ?? "authentication_failed";
    const notes = this.#takesKeys ? [...this.#keys.notes, ...credentials.notes] : [];
    const sentences = [...this.#refusal(said), ...notes, ...this.#advice()];
    return new Problem(code, sentences.join(" "), {
      ...membersOf(hop),
      ...(said === undefined ? {} : { reason: "too_many_attempts" }),
    });
  }

  [Symbol.dispose](): void {
    this.#over.abort();
  }

  async #requestOf(method: LoginMethod): Promise<LoginRequest | undefined> {
    const request = await method.next();
    if (request !== undefined) this.#current = method;
    return request;
  }

  /** Whether the server accepts public keys, as far as is known. */
  get #takesKeys(): boolean {
    return this.#offered?.includes("publickey") !== false;
  }

  #refusal(said: string | undefined): string[] {
    const name = nameOf(this.#options.hop);
    const tried = this.#keys.triedKeys;
    if (said !== undefined) {
      const after = tried.length === 0 ? "" : ` after ${formatCount(tried.length, "key")}`;
      const list = tried.length === 0 ? "" : `: ${tried.join(", ")}`;
      return [
        `${name} ended the login${after} (“${said}”)${list}.`,
        "It may take fewer attempts than were made (MaxAuthTries): set the host's key file, so that its key is tried first.",
      ];
    }
    const answered = [...this.#refusedAnswers].map(([method, answer]) =>
      method === "password" || answer === "kept" ? "the password" : `what was answered for ${method}`,
    );
    const untaken = answered.length === 0 ? [] : [`It did not take ${[...new Set(answered)].join(" and ")}.`];
    const taken = this.#taken.length === 0 ? [] : [`It took ${this.#taken.join(" and ")}, and wants more.`];
    const refused = this.#keys.refusedKeys;
    if (refused.length > 0)
      return [`${name} refused every key that was tried: ${refused.join(", ")}.`, ...taken, ...untaken];
    const keyless = tried.length === 0 ? "there is no key to try" : "no key could be used to sign";
    const why = this.#taken.length + answered.length === 0 ? `: ${keyless}` : "";
    return [`${name} could not be logged in to${why}.`, ...taken, ...untaken];
  }

  /** Advice on the method that got furthest: passwords and other answers come after keys. */
  #advice(): string[] {
    const offered = this.#offered ?? [];
    const { hop, dialogue } = this.#options;
    const answers = [...this.#refusedAnswers.values()];
    const answer = answers.find((each) => each === "typed") ?? answers[0];
    if (answer !== undefined) return [refusedAnswerAdvice(hop, answer)];
    const secret = offered.filter((method) => method === "password" || method === "keyboard-interactive");
    const unasked =
      secret.length === 0 || dialogue.present
        ? []
        : [`The server would also take ${secret.join(" or ")}: ${passwordAdvice(hop)}.`];
    const keys = this.#takesKeys
      ? ["Check the user name, and that the key is in the server's authorized_keys."]
      : ["The server takes no keys at all."];
    return [...unasked, ...(this.#taken.includes("publickey") ? [] : keys)];
  }
}

function orderOf({ hop, dialogue }: AuthenticationOptions): readonly MethodName[] {
  const { methods } = hop.settings.login;
  const order =
    methods.length === 0
      ? usualOrder
      : methods.flatMap((name) => usualOrder.find((usual) => usual === name) ?? []);
  if (dialogue.present) return order;
  // With nobody to ask, only a stored password can answer: keyboard-interactive comes last, since the server's other
  // prompts are not known.
  return [
    ...order.filter((name) => name !== "keyboard-interactive"),
    ...order.filter((name) => name === "keyboard-interactive"),
  ];
}
