import type { AgentAuthMethod, NoAuthMethod } from "ssh2";
import { Problem, type ProblemCode } from "../../../protocol/problem.ts";
import type { Hop } from "../../transport/remote.ts";
import { type Attempt, labelOf } from "./attempt.ts";
import type { Credentials, CredentialSource } from "./credentials.ts";
import { membersOf, nameOf } from "../failure.ts";
import { fingerprintOf } from "../host-keys/host-key.ts";
import { parseKey } from "./key-file.ts";
import { OneKeyAgent } from "./one-key-agent.ts";

export interface AuthenticationOptions {
  readonly hop: Hop;
  readonly credentials: Credentials;
  /** Where they are from. */
  readonly source: CredentialSource;
  /** Told when an agent is asked to sign, which may take a person. */
  readonly onAgentAsked: () => void;
}

/** Hands out one attempt after the other and remembers them for the report. Disposing ends what an agent is asked. */
export class Authentication implements Disposable {
  readonly #options: AuthenticationOptions;
  readonly #over = new AbortController();
  readonly #tried: Attempt[] = [];
  /** Why there was no signature. */
  readonly #unsigned = new Map<Attempt, string>();
  #next = 0;
  #offered: readonly string[] = [];

  constructor(options: AuthenticationOptions) {
    this.#options = options;
  }

  /** undefined: nothing is left to try. */
  next(): AgentAuthMethod | NoAuthMethod | undefined {
    const { hop, credentials, source, onAgentAsked } = this.#options;
    const attempt = credentials.attempts[this.#next];
    this.#next += 1;
    if (attempt === undefined) {
      const without = credentials.attempts.length === 0 && this.#next === 1;
      return without ? { type: "none", username: hop.user } : undefined;
    }
    const key = parseKey(attempt.publicKey);
    if (key === undefined) return this.next();
    this.#tried.push(attempt);
    const agent = new OneKeyAgent({
      key,
      sign: (request) => {
        if (attempt.kind === "agent") onAgentAsked();
        return source.sign(attempt, key, request, this.#over.signal);
      },
      failed: (why) => {
        this.#unsigned.set(attempt, why);
      },
    });
    return { type: "agent", username: hop.user, agent };
  }

  /** The fingerprint of the key that was tried last; null: none was. */
  get lastKey(): string | null {
    const attempt = this.#tried.at(-1);
    return attempt === undefined ? null : fingerprintOf(attempt.publicKey);
  }

  /** What the server would still take. */
  offered(methods: readonly string[]): void {
    this.#offered = methods;
  }

  /** `said`: why the server ended the connection, where it did. */
  failure(said: string | undefined): Problem {
    const { hop, credentials } = this.#options;
    const code: ProblemCode = credentials.fault ?? "authentication_failed";
    const sentences = [this.#refusal(said), ...this.#failures(), ...credentials.notes, ...this.#advice()];
    return new Problem(code, sentences.join(" "), {
      ...membersOf(hop),
      ...(said === undefined ? {} : { reason: "too_many_attempts" }),
    });
  }

  [Symbol.dispose](): void {
    this.#over.abort();
  }

  #refusal(said: string | undefined): string {
    const name = nameOf(this.#options.hop);
    if (said !== undefined) {
      return (
        `${name} ended the login after ${this.#tried.length} keys (“${said}”): ${this.#tried.map(labelOf).join(", ")}. ` +
        "It may take fewer attempts than you have keys (MaxAuthTries): set the host's key file, so that its key is tried first."
      );
    }
    const refused = this.#tried.filter((attempt) => !this.#unsigned.has(attempt)).map(labelOf);
    if (refused.length > 0) return `${name} refused every key that was tried: ${refused.join(", ")}.`;
    const why = this.#tried.length === 0 ? "there is no key to try" : "no key could be used to sign";
    return `${name} could not be logged in to: ${why}.`;
  }

  #failures(): string[] {
    return [...this.#unsigned].map(([attempt, why]) => `Signing failed with ${labelOf(attempt)}: ${why}.`);
  }

  #advice(): string[] {
    const asked = this.#offered.filter(
      (method) => method === "password" || method === "keyboard-interactive",
    );
    return [
      ...(asked.length > 0
        ? [
            `The server would also take ${asked.join(" or ")}, which this version of Hostrun does not ask for.`,
          ]
        : []),
      ...(this.#offered.length > 0 && !this.#offered.includes("publickey")
        ? ["The server takes no keys at all."]
        : ["Check the user name, and that the key is in the server's authorized_keys."]),
    ];
  }
}
