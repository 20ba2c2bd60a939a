import { Problem } from "../../protocol/problem.ts";
import { visibleLine } from "../../protocol/visible.ts";
import type { LoginOptions } from "../ssh/connect/login-options.ts";
import { type LoginAnswer, passwordAdvice, refusedAnswerAdvice } from "../ssh/auth/login-advice.ts";
import { loginQuestion } from "../ssh/auth/login-question.ts";
import { membersOf, nameOf } from "../ssh/failure.ts";
import type { AskpassPrompt } from "./askpass.ts";

type Parts = Pick<LoginOptions, "hop" | "dialogue" | "secrets" | "place" | "onBanner" | "onStage">;

const pinAdvice = "The PKCS#11 token is asked for its key by a PIN, on a terminal or in the editor only.";

/** Answers the prompts of `ssh` during one login: from stored secrets, or by asking a person. */
export class ClientQuestions {
  readonly #parts: Parts;
  readonly #declined: (problem: unknown) => void;
  /** A stored password that was sent and not yet accepted by the server. */
  #kept: string | undefined;
  /** Stores what was typed, once the login has succeeded. */
  #keepTyped: (() => void) | undefined;
  /** Stored passphrases that have not been tried, by key file. */
  readonly #untried = new Map<string, string[]>();
  /** The passphrases that were sent last, by key file. */
  readonly #sent = new Map<string, string>();
  #asked = 0;
  #answered: LoginAnswer | undefined;

  /** `declined` is called when a person declines, which ends the login. */
  constructor(parts: Parts, declined: (problem: unknown) => void) {
    this.#parts = parts;
    this.#declined = declined;
  }

  /** Whether there is any way to answer. */
  get canAnswer(): boolean {
    const { dialogue, secrets, place } = this.#parts;
    return dialogue.present || secrets.has(place);
  }

  async answer({ kind, prompt }: AskpassPrompt): Promise<string | undefined> {
    const { dialogue, onBanner, onStage } = this.#parts;
    if (kind === "none") {
      onBanner(visibleLine(prompt), "key");
      onStage("securityKey");
      return undefined;
    }
    if (!this.canAnswer) return undefined;
    this.#refuse();
    const kept = this.#keptFor(prompt);
    if (kept !== undefined) return kept;
    this.#asked += 1;
    try {
      const { answers, remember } = await dialogue.ask(this.#question(prompt, kind), `${this.#asked}`);
      const [given = ""] = answers;
      this.#answered = "typed";
      this.#keepTyped = remember === "session" ? () => this.#keep(prompt, given) : undefined;
      return given;
    } catch (problem) {
      this.#declined(problem);
      return undefined;
    }
  }

  /** What to do when the login fails, in whole sentences. */
  get advice(): string {
    const { hop, dialogue } = this.#parts;
    if (this.#answered !== undefined) return refusedAnswerAdvice(hop, this.#answered);
    const plain = "Check the user name, the keys and certificates.";
    if (dialogue.present) return plain;
    const token = hop.settings.login.pkcs11Provider === undefined ? [] : [pinAdvice];
    return [plain, ...token, `If the server takes a password, ${passwordAdvice(hop)}.`].join(" ");
  }

  /** The login is over. */
  settle(succeeded: boolean): void {
    if (succeeded) this.#accept();
    else this.#refuse();
    this.#kept = undefined;
    this.#keepTyped = undefined;
  }

  #keptFor(prompt: string): string | undefined {
    const { secrets, place } = this.#parts;
    if (this.#isPassword(prompt)) {
      this.#kept = this.#asked === 0 ? secrets.password(place) : undefined;
      if (this.#kept !== undefined) this.#answered = "kept";
      return this.#kept;
    }
    const path = this.#lockedKey(prompt);
    if (path === undefined) return undefined;
    const untried = this.#untried.get(path) ?? secrets.passphrases(place, path);
    this.#untried.set(path, untried);
    const refused = this.#sent.get(path);
    if (refused !== undefined) secrets.refusePassphrase(place, refused);
    const next = untried.shift();
    if (next === undefined) this.#sent.delete(path);
    else this.#sent.set(path, next);
    return next;
  }

  #keep(prompt: string, secret: string): void {
    const { secrets, place } = this.#parts;
    const path = this.#lockedKey(prompt);
    if (this.#isPassword(prompt)) secrets.keepPassword(place, secret);
    else if (path !== undefined) secrets.keepPassphrase(place, path, secret);
  }

  #accept(): void {
    const { secrets, place } = this.#parts;
    this.#keepTyped?.();
    if (this.#kept !== undefined) secrets.accepted(place, "password", this.#kept);
    for (const passphrase of this.#sent.values()) secrets.accepted(place, "passphrase", passphrase);
  }

  #refuse(): void {
    const { secrets, place } = this.#parts;
    if (this.#kept !== undefined) secrets.refusePassword(place, this.#kept);
    this.#kept = undefined;
  }

  /** OpenSSH's exact password prompt (sshconnect2.c, userauth_passwd); a person reads any other prompt verbatim. */
  #isPassword(prompt: string): boolean {
    const { user, address } = this.#parts.hop;
    return prompt.trim() === `${user.slice(0, 30)}@${address.slice(0, 128)}'s password:`;
  }

  /** The key file whose passphrase OpenSSH asks for (sshconnect2.c, load_identity_file). */
  #lockedKey(prompt: string): string | undefined {
    const shown = /^Enter passphrase for key '(.*)':$/s.exec(prompt.trim())?.[1];
    return this.#parts.hop.identityFiles.find((path) => path.slice(0, 100) === shown) ?? shown;
  }

  #question(prompt: string, kind: string) {
    const { hop } = this.#parts;
    const path = this.#lockedKey(prompt);
    const unasked = (): Problem =>
      new Problem(
        "authentication_failed",
        `${nameOf(hop)} could not be logged in to: ssh asks “${visibleLine(prompt)}”, and nobody is there to answer. ` +
          (this.#answered === "kept" ? `It did not take the password. ${this.advice}` : this.advice),
        membersOf(hop),
      );
    return loginQuestion(
      { hop, unasked },
      {
        kind: this.#isPassword(prompt) ? "password" : path === undefined ? "secret" : "passphrase",
        title:
          path === undefined
            ? `OpenSSH asks, to log in to ${nameOf(hop)}`
            : `Passphrase for the key ${visibleLine(path)}`,
        attempt: this.#asked,
        fields: [{ label: visibleLine(prompt.trim()), echo: kind === "confirm" }],
      },
    );
  }
}
