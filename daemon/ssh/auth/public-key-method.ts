import type { ParsedKey } from "ssh2";
import { Problem } from "../../../protocol/problem.ts";
import { visibleLine } from "../../../protocol/visible.ts";
import { fingerprintOf } from "../host-keys/host-key.ts";
import { type Attempt, labelOf } from "./attempt.ts";
import { noteOnLocked } from "./credential-notes.ts";
import { type LoginContext, type LoginMethod, type LoginRequest, maxWrongAnswers } from "./login-method.ts";
import { loginQuestion } from "./login-question.ts";
import { OneKeyAgent, signByKey, type SignRequest } from "./one-key-agent.ts";
import { parseKey } from "./parse-key.ts";
import type { PrivateKey } from "./private-key.ts";

type FileAttempt = Extract<Attempt, { kind: "file" }>;

/**
 * The publickey method (RFC 4252, section 7), one key at a time: the server is first asked whether it would accept the
 * key, and only then is a signature made, which may need a passphrase.
 */
export class PublicKeyMethod implements LoginMethod {
  readonly name = "publickey";
  readonly #context: LoginContext;
  readonly #left: Attempt[];
  readonly #tried: { readonly attempt: Attempt; readonly publicKey: Buffer }[] = [];
  /** Why signing failed. */
  readonly #unsigned = new Map<Attempt, string>();
  readonly #locked: FileAttempt[] = [];
  readonly #remember: (() => void)[] = [];
  readonly #taken = new Set<Attempt>();

  constructor(context: LoginContext) {
    this.#context = context;
    const { attempts } = context.credentials;
    const good = context.source.lastSuccessfulKey(context.place);
    const isGood = ({ publicKey }: Attempt): boolean =>
      publicKey !== undefined && fingerprintOf(publicKey) === good;
    this.#left = [...attempts.filter(isGood), ...attempts.filter((attempt) => !isGood(attempt))];
  }

  /** Keys that the server refused, before or after a signature. */
  get refusedKeys(): string[] {
    return this.#tried.flatMap(({ attempt }) =>
      this.#unsigned.has(attempt) || this.#taken.has(attempt) ? [] : labelOf(attempt),
    );
  }

  get triedKeys(): string[] {
    return this.#tried.map(({ attempt }) => labelOf(attempt));
  }

  /** The fingerprint of the key that was tried last; null if none was. */
  get lastKey(): string | null {
    const last = this.#tried.at(-1);
    return last === undefined ? null : fingerprintOf(last.publicKey);
  }

  /** Whole sentences about keys that could not be used. */
  get notes(): string[] {
    const name = visibleLine(this.#context.hop.name);
    return [
      ...[...this.#unsigned].map(([attempt, why]) => `Signing failed with ${labelOf(attempt)}: ${why}.`),
      ...this.#locked.map(({ path }) => noteOnLocked(path, name)),
    ];
  }

  async next(): Promise<LoginRequest | undefined> {
    for (let attempt = this.#left.shift(); attempt !== undefined; attempt = this.#left.shift()) {
      const request = await this.#request(attempt);
      if (request !== undefined) return request;
    }
    return undefined;
  }

  refused(partial: boolean): undefined {
    const last = this.#tried.at(-1);
    if (!partial || last === undefined) return;
    this.#taken.add(last.attempt);
    this.#keep();
  }

  accepted(): void {
    const { source, place } = this.#context;
    const { lastKey } = this;
    if (lastKey !== null) source.loggedInWith(place, lastKey);
    this.#keep();
  }

  #keep(): void {
    for (const remember of this.#remember.splice(0)) remember();
  }

  async #request(attempt: Attempt): Promise<LoginRequest | undefined> {
    const { hop, source, signal, onAgentAsked } = this.#context;
    const locked = attempt.kind === "file" && attempt.encrypted ? attempt : undefined;
    if (locked !== undefined && !this.#mayUnlock(locked)) {
      this.#locked.push(locked);
      return undefined;
    }
    // A key whose public part is encrypted as well has to be opened before it can be offered.
    const opened =
      locked !== undefined && locked.publicKey === undefined ? await this.#open(locked) : undefined;
    const publicKey = attempt.publicKey ?? opened?.publicKey;
    const key = publicKey === undefined ? undefined : parseKey(publicKey);
    if (key === undefined || publicKey === undefined) return undefined;
    this.#tried.push({ attempt, publicKey });
    const sign = async (request: SignRequest): Promise<Buffer> => {
      if (locked !== undefined) return this.#signUnlocked(locked, opened, key, request);
      if (attempt.kind === "agent") onAgentAsked();
      return source.sign(attempt, key, request, signal);
    };
    const failed = (why: string): void => {
      this.#unsigned.set(attempt, why);
    };
    return { type: "agent", username: hop.user, agent: new OneKeyAgent({ key, sign, failed }) };
  }

  #mayUnlock({ path }: FileAttempt): boolean {
    const { dialogue, secrets, place } = this.#context;
    return dialogue.present || secrets.passphrases(place, path).length > 0;
  }

  /** Returns undefined for a failure that concerns only this key; rejects for one that ends the login. */
  async #open(attempt: FileAttempt): Promise<PrivateKey | undefined> {
    try {
      return await this.#unlock(attempt);
    } catch (failure) {
      if (failure instanceof Problem || !(failure instanceof Error)) throw failure;
      this.#unsigned.set(attempt, failure.message);
      return undefined;
    }
  }

  async #signUnlocked(
    attempt: FileAttempt,
    opened: PrivateKey | undefined,
    key: ParsedKey,
    request: SignRequest,
  ): Promise<Buffer> {
    try {
      const privateKey = opened ?? (await this.#unlock(attempt));
      if (!privateKey.publicKey.equals(key.getPublicSSH())) throw new Error("the file holds another key");
      return await signByKey(privateKey.key, key.type, request);
    } catch (failure) {
      // A person who declines is not asked about the next key.
      if (failure instanceof Problem) this.#context.fail(failure);
      throw failure;
    }
  }

  /**
   * Rejects with an Error whose message is a clause when the key cannot be opened; with a Problem when a person declines.
   */
  async #unlock({ path }: FileAttempt): Promise<PrivateKey> {
    const { source, secrets, dialogue, place } = this.#context;
    for (const passphrase of secrets.passphrases(place, path)) {
      const opened = await source.unlock(path, passphrase);
      if (opened === undefined) {
        secrets.refusePassphrase(place, passphrase);
        continue;
      }
      this.#remember.push(() => secrets.accepted(place, "passphrase", passphrase));
      return opened;
    }
    if (!dialogue.present)
      throw new Error("it is encrypted, and the passphrase that is kept does not open it");
    for (let attempt = 1; attempt <= maxWrongAnswers; attempt += 1) {
      const { answers, remember } = await dialogue.ask(this.#question(path, attempt), path);
      const [passphrase = ""] = answers;
      const opened = await source.unlock(path, passphrase);
      if (opened === undefined) continue;
      if (remember === "session") this.#remember.push(() => secrets.keepPassphrase(place, path, passphrase));
      return opened;
    }
    throw new Error("its passphrase was wrong three times");
  }

  #question(path: string, attempt: number) {
    return loginQuestion(this.#context, {
      kind: "passphrase",
      title: `Passphrase for the key ${visibleLine(path)}`,
      attempt,
      fields: [{ label: "Passphrase:", echo: false }],
    });
  }
}
