import { randomBytes } from "node:crypto";
import type { Database } from "./database.ts";
import { mapStorageErrors } from "./storage-errors.ts";

type Name = "cacheSecret" | "cachePlace";

/**
 * What seals this store's entries in Redis. It is kept, so that they outlive the daemon; a damaged one is replaced. With
 * another one, no entry from before is accepted.
 */
export class CacheSecret {
  readonly #sql: Database["sql"];
  #value: string;
  #place: string | undefined;

  constructor({ sql }: Database) {
    this.#sql = sql;
    const known = this.#stored("cacheSecret");
    this.#place = this.#stored("cachePlace");
    this.#value = known !== undefined && /^[\w-]{43}$/.test(known) ? known : this.#renewed();
  }

  get value(): string {
    return this.#value;
  }

  renew(): void {
    this.#value = this.#renewed();
  }

  /** To be called with the place where entries are kept from now on. Those of another time there may be outdated. */
  useFor(place: string): void {
    if (place === this.#place) return;
    this.renew();
    this.#place = place;
    this.#store("cachePlace", place);
  }

  #renewed(): string {
    const secret = randomBytes(32).toString("base64url");
    this.#store("cacheSecret", secret);
    return secret;
  }

  #stored(name: Name): string | undefined {
    return mapStorageErrors(() =>
      this.#sql.prepare<[Name], string>("SELECT value FROM meta WHERE name = ?").pluck().get(name),
    );
  }

  #store(name: Name, value: string): void {
    try {
      this.#sql.prepare("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)").run(name, value);
    } catch {
      // Without room it holds for this daemon only, which must start on a full disk too.
    }
  }
}
