import { createHmac, timingSafeEqual } from "node:crypto";

const separator = ":";

/** With another value, nothing is accepted that was sealed before. */
export interface SealSecret {
  readonly value: string;
  renew(): void;
}

/**
 * Marks values as this daemon's own, for a place where others may write: a value is accepted only under the key that it
 * was sealed for.
 */
export class Seal {
  readonly #secret: Pick<SealSecret, "value">;

  constructor(secret: Pick<SealSecret, "value">) {
    this.#secret = secret;
  }

  sealed(key: string, value: string): string {
    return `${this.#proof(key, value)}${separator}${value}`;
  }

  /** undefined if the value was not sealed for this key. */
  opened(key: string, sealed: string): string | undefined {
    const end = sealed.indexOf(separator);
    const value = sealed.slice(end + separator.length);
    const proof = Buffer.from(sealed.slice(0, Math.max(0, end)));
    const expected = Buffer.from(this.#proof(key, value));
    return proof.length === expected.length && timingSafeEqual(proof, expected) ? value : undefined;
  }

  #proof(key: string, value: string): string {
    return createHmac("sha256", this.#secret.value)
      .update(JSON.stringify([key, value]))
      .digest("base64url");
  }
}
