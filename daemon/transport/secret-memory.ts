import { parseJump } from "../../protocol/destination.ts";
import type { Hop } from "./remote.ts";

/** Whom a secret is for: a login on a host, by the way that leads there. */
export interface SecretPlace extends Pick<Hop, "name" | "user" | "address" | "port" | "settings"> {
  readonly jump: readonly Pick<Hop, "user" | "address" | "port">[];
}

interface Kept {
  readonly place: SecretPlace;
  password: Buffer | undefined;
  /** By the path of the key file; under "" one that is for any of the host's keys. */
  readonly passphrases: Map<string, Buffer>;
}

const maxHosts = 1000;

/**
 * Passwords and passphrases in this process's memory, and nowhere else. One is for a host as it is reached now: once its
 * connection settings are others it is not found any more, and forgotten as soon as that is known.
 */
export class SecretMemory implements Disposable {
  readonly #kept = new Map<string, Kept>();
  readonly #forgotten = new Set<(place: SecretPlace) => void>();

  /** `listener` is called for each place whose secrets `forget` has removed. */
  onForgotten(listener: (place: SecretPlace) => void): void {
    this.#forgotten.add(listener);
  }

  keepPassword(place: SecretPlace, password: string): void {
    const kept = this.#of(place);
    kept.password?.fill(0);
    kept.password = Buffer.from(password);
  }

  /** `path`: of the key file; undefined: for any key of the host. */
  keepPassphrase(place: SecretPlace, path: string | undefined, passphrase: string): void {
    const { passphrases } = this.#of(place);
    passphrases.get(path ?? "")?.fill(0);
    passphrases.set(path ?? "", Buffer.from(passphrase));
  }

  /** Whether anything is kept for just this place. */
  has(place: SecretPlace): boolean {
    const kept = this.#kept.get(keyOf(place));
    return kept !== undefined && (kept.password !== undefined || kept.passphrases.size > 0);
  }

  password(place: SecretPlace): string | undefined {
    return this.#kept.get(keyOf(place))?.password?.toString();
  }

  /** What may open the key file: this host's passphrases, then what opened the file for another host. */
  passphrases(place: SecretPlace, path: string): string[] {
    const own = this.#kept.get(keyOf(place))?.passphrases;
    const others = [...this.#kept.values()].map(({ passphrases }) => passphrases.get(path));
    const found = [own?.get(path), own?.get(""), ...others].flatMap((each) => each?.toString() ?? []);
    return [...new Set(found)];
  }

  /** The server did not take it: it is never sent again by itself. */
  refusePassword(place: SecretPlace, password: string): void {
    const kept = this.#kept.get(keyOf(place));
    if (kept?.password?.toString() !== password) return;
    kept.password.fill(0);
    kept.password = undefined;
  }

  /** Forgets what is kept for a host, however it was called; but `unless` it is for just this place. */
  forget(name: string, unless?: SecretPlace): void {
    const spared = unless === undefined ? undefined : keyOf(unless);
    for (const [key, { place }] of this.#kept) {
      const isHosts = place.name === name || parseJump(place.name)?.host === name;
      if (!isHosts || key === spared) continue;
      this.#remove(key);
      for (const listener of this.#forgotten) listener(place);
    }
  }

  [Symbol.dispose](): void {
    for (const key of this.#kept.keys()) this.#remove(key);
  }

  #of(place: SecretPlace): Kept {
    const key = keyOf(place);
    const kept = this.#kept.get(key) ?? { place: bare(place), password: undefined, passphrases: new Map() };
    this.#kept.set(key, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > maxHosts && oldest !== undefined) this.#remove(oldest);
    return kept;
  }

  #remove(key: string): void {
    const kept = this.#kept.get(key);
    this.#kept.delete(key);
    kept?.password?.fill(0);
    for (const passphrase of kept?.passphrases.values() ?? []) passphrase.fill(0);
  }
}

function bare({ name, user, address, port, settings, jump }: SecretPlace): SecretPlace {
  return { name, user, address, port, settings, jump };
}

function keyOf(place: SecretPlace): string {
  return JSON.stringify([place.name, loginOf(place)]);
}

/** Whether both are the same login by the same way, whatever they are called. */
export function isSameLogin(one: SecretPlace, other: SecretPlace): boolean {
  return loginOf(one) === loginOf(other);
}

function loginOf({ jump, settings, ...last }: SecretPlace): string {
  return JSON.stringify([
    settings.proxyCommand,
    [...jump, last].map(({ user, address, port }) => [user, address, port]),
  ]);
}
