import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { readOwnFile } from "../../state-directory/own-file.ts";
import { writeFileAtomically } from "../../state-directory/atomic-file.ts";

const bytes = 32;

/**
 * The token with which a client authenticates where file permissions cannot: 256 random bits as base64url. It is stored
 * in a file of the state directory, mode 0600, so that it outlives the daemon, until it is replaced.
 */
export class AccessToken {
  readonly #path: string;
  #value: string;
  #digest: Buffer;
  readonly #onReplaced: (() => void)[] = [];

  constructor(path: string) {
    this.#path = path;
    const kept = readOwnFile(path)?.trim();
    this.#value = kept !== undefined && isToken(kept) ? kept : this.#write();
    this.#digest = digestOf(this.#value);
  }

  get value(): string {
    return this.#value;
  }

  /** In constant time. */
  equals(given: string): boolean {
    return timingSafeEqual(digestOf(given), this.#digest);
  }

  /** Invalidates the current token. */
  replace(): void {
    this.#value = this.#write();
    this.#digest = digestOf(this.#value);
    for (const listener of this.#onReplaced) listener();
  }

  onReplaced(listener: () => void): void {
    this.#onReplaced.push(listener);
  }

  #write(): string {
    const value = randomBytes(bytes).toString("base64url");
    writeFileAtomically(this.#path, `${value}\n`);
    return value;
  }
}

function isToken(text: string): boolean {
  return /^[\w-]{43}$/.test(text);
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
