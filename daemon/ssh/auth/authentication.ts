import { Problem, type ProblemCode } from "../../../protocol/problem.ts";
import { visibleLine } from "../../../protocol/visible.ts";
import { membersOf, nameOf } from "../failure.ts";
import { KeyboardInteractiveMethod } from "./keyboard-interactive-method.ts";
import type { LoginContext, LoginMethod, LoginRequest } from "./login-method.ts";
import { NoneMethod } from "./none-method.ts";
import { PasswordMethod } from "./password-method.ts";
import { PublicKeyMethod } from "./public-key-method.ts";

export type AuthenticationOptions = Omit<LoginContext, "signal" | "unasked">;

type MethodName = "publickey" | "keyboard-interactive" | "password";

/** In OpenSSH's order (PreferredAuthentications). */
const usualOrder: readonly MethodName[] = ["publickey", "keyboard-interactive", "password"];

/**
 * Logs in by one method after the other, as the server takes them, and remembers what was tried for the report. Disposing
 * ends what an agent is asked.
 */
export class Authentication implements Disposable {
  readonly #options: AuthenticationOptions;
  readonly #over = new AbortController();
  readonly #keys: PublicKeyMethod;
  readonly #password: PasswordMethod;
  readonly #none: NoneMethod;
  readonly #order: readonly LoginMethod[];
  #current: LoginMethod | undefined;
  /** What the server would still take; undefined before it has said so. */
  #offered: readonly string[] | undefined;
  /** Methods that the server took as a part of the login. */
  readonly #taken: string[] = [];
  readonly #refusedSecrets = new Set<string>();

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

  /** undefined: nothing is left to try. Rejects with a Problem where a person declines. */
  async next(): Promise<LoginRequest | undefined> {
    const offered = this.#offered;
    if (offered === undefined) {
      // Without a key to offer at once, the server is asked what it takes.
      const first = this.#order[0] === this.#keys ? await this.#requestOf(this.#keys) : undefined;
      return first ?? this.#requestOf(this.#none);
    }
    for (const method of this.#order) {
      const request = offered.includes(method.name) ? await this.#requestOf(method) : undefined;
      if (request !== undefined) return request;
    }
    return undefined;
  }

  /** The last request was refused; with `partial` it was taken as a part. `methods`: what the server would still take. */
  refused(methods: readonly string[], partial: boolean): void {
    this.#offered = methods;
    this.#options.dialogue.settled();
    const method = this.#current;
    if (method === undefined) return;
    method.refused(partial);
    if (partial) {
      this.#taken.push(method.name);
      this.#options.dialogue.refused = 0;
    } else if (method !== this.#keys && method !== this.#none) {
      this.#refusedSecrets.add(method.name);
    }
  }

  /** Somebody is logged in. */
  accepted(): void {
    this.#options.dialogue.settled();
    this.#current?.accepted();
  }

  /** See `PasswordMethod.change`. */
  changePassword(prompt: string): ReturnType<PasswordMethod["change"]> {
    return this.#password.change(prompt);
  }

  /** The fingerprint of the key that was tried last; null: none was. */
  get lastKey(): string | null {
    return this.#keys.lastKey;
  }

  /** `said`: why the server ended the connection, where it did. */
  failure(said: string | undefined): Problem {
    const { hop, credentials } = this.#options;
    const code: ProblemCode = credentials.fault ?? "authentication_failed";
    const sentences = [...this.#refusal(said), ...this.#keys.notes, ...credentials.notes, ...this.#advice()];
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

  #refusal(said: string | undefined): string[] {
    const name = nameOf(this.#options.hop);
    const tried = this.#keys.triedKeys;
    if (said !== undefined) {
      const after = tried.length === 0 ? "" : ` after ${tried.length} keys`;
      const list = tried.length === 0 ? "" : `: ${tried.join(", ")}`;
      return [
        `${name} ended the login${after} (“${said}”)${list}.`,
        "It may take fewer attempts than were made (MaxAuthTries): set the host's key file, so that its key is tried first.",
      ];
    }
    const secrets = [...this.#refusedSecrets];
    const typed =
      secrets.length === 0 ? [] : [`It did not take what was answered for ${secrets.join(" and ")}.`];
    const taken = this.#taken.length === 0 ? [] : [`It took ${this.#taken.join(" and ")}, and wants more.`];
    const refused = this.#keys.refusedKeys;
    if (refused.length > 0)
      return [`${name} refused every key that was tried: ${refused.join(", ")}.`, ...taken, ...typed];
    const keyless = tried.length === 0 ? "there is no key to try" : "no key could be used to sign";
    const why = this.#taken.length + secrets.length === 0 ? `: ${keyless}` : "";
    return [`${name} could not be logged in to${why}.`, ...taken, ...typed];
  }

  #advice(): string[] {
    const offered = this.#offered ?? [];
    const secret = offered.filter((method) => method === "password" || method === "keyboard-interactive");
    const { hop, dialogue } = this.#options;
    const unasked =
      secret.length === 0 || dialogue.present
        ? []
        : [
            `The server would also take ${secret.join(" or ")}: run it from a terminal or from the editor, which ask, or keep ` +
              `the password with “hostrun hosts login ${visibleLine(hop.name)}”.`,
          ];
    if (dialogue.refused > 0) return [];
    return [
      ...unasked,
      ...(offered.length > 0 && !offered.includes("publickey")
        ? ["The server takes no keys at all."]
        : ["Check the user name, and that the key is in the server's authorized_keys."]),
    ];
  }
}

function orderOf({ hop, dialogue }: AuthenticationOptions): readonly MethodName[] {
  const { methods } = hop.settings.login;
  const order =
    methods.length === 0
      ? usualOrder
      : methods.flatMap((name) => usualOrder.find((usual) => usual === name) ?? []);
  if (dialogue.present) return order;
  // A password that is kept answers for itself; what a server would ask besides is not known.
  return [
    ...order.filter((name) => name !== "keyboard-interactive"),
    ...order.filter((name) => name === "keyboard-interactive"),
  ];
}
