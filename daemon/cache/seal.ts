import { createHmac } from "node:crypto";

/**
 * Marks values as this daemon's own, for a place where others may write: a value is accepted only under the key that it
 * was sealed for.
 */
export class Seal {
  readonly #secret: string;

  constructor(secret: string) {
    this.#secret = secret;
  }

  sealed(key: string, value: string): string {
    const proof = createHmac("sha256", this.#secret)
      .update(JSON.stringify([key, value]))
      .digest("base64url");
    return `${proof}:${value}`;
  }

  /** undefined if the value was not sealed for this key. */
  opened(key: string, sealed: string): string | undefined {
    const value = sealed.slice(sealed.indexOf(":") + 1);
    return sealed === this.sealed(key, value) ? value : undefined;
  }
}
