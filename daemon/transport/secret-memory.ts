import { parseJump } from "../../protocol/destination.ts";
import type { Hop } from "./remote.ts";

/** What a secret belongs to: a login on a host, over a given route. */
export interface SecretPlace extends Pick<Hop, "name" | "user" | "address" | "port" | "settings"> {
  readonly jump: readonly Pick<Hop, "user" | "address" | "port">[];
}

interface Kept {
  readonly place: SecretPlace;
  password: Buffer | undefined;
  /** The password for sudo on the host. */
  sudo?: Buffer | undefined;
  /** By path of the key file; "" for a passphrase that applies to any of the host's keys. */
  readonly passphrases: Map<string, Buffer>;
  readonly offers: Map<SecretKind, Offer>;
}

type SecretKind = "password" | "passphrase";

/** A secret that was given in advance, and replaces the stored one once a login has succeeded with it. */
interface Offer {
  readonly secret: Buffer;
  state: OfferState;
}

export type OfferState = "untried" | "refused" | "kept";

const maxHosts = 1000;

/**
 * Stores passwords and passphrases in this process's memory, and nowhere else. A secret belongs to a host as it is
 * reached now: once the connection settings change it is no longer found, and it is erased as soon as the change is
 * noticed.
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

  /** `path`: the key file; undefined: for any key of the host. */
  keepPassphrase(place: SecretPlace, path: string | undefined, passphrase: string): void {
    const { passphrases } = this.#of(place);
    passphrases.get(path ?? "")?.fill(0);
    passphrases.set(path ?? "", Buffer.from(passphrase));
  }

  /** Adds secrets that the next login tries before the stored ones; they replace those once the login succeeds. */
  offer(place: SecretPlace, given: { readonly [Kind in SecretKind]?: string | undefined }): void {
    const { offers } = this.#of(place);
    for (const kind of ["password", "passphrase"] as const) {
      const secret = given[kind];
      if (secret === undefined) continue;
      offers.get(kind)?.secret.fill(0);
      offers.set(kind, { secret: Buffer.from(secret), state: "untried" });
    }
  }

  /** Returns the outcome of the last offer, and erases it if it was refused. null: there was none. */
  settleOffer(place: SecretPlace): OfferState | null {
    const offers = this.#kept.get(keyOf(place))?.offers ?? new Map<SecretKind, Offer>();
    const states = [...offers.values()].map(({ state }) => state);
    for (const [kind, { secret, state }] of offers) {
      if (state === "untried") continue;
      secret.fill(0);
      offers.delete(kind);
    }
    return (["refused", "untried", "kept"] as const).find((state) => states.includes(state)) ?? null;
  }

  /** Whether there is any secret for exactly this login. */
  has(place: SecretPlace): boolean {
    const kept = this.#kept.get(keyOf(place));
    if (kept === undefined) return false;
    return this.password(place) !== undefined || kept.passphrases.size > 0 || kept.offers.has("passphrase");
  }

  password(place: SecretPlace): string | undefined {
    const kept = this.#kept.get(keyOf(place));
    const offer = kept?.offers.get("password");
    return (offer?.state === "untried" ? offer.secret : kept?.password)?.toString();
  }

  /** Passphrases that may open the key file: this host's, then those that opened the file for another host. */
  passphrases(place: SecretPlace, path: string): string[] {
    const kept = this.#kept.get(keyOf(place));
    const own = kept?.passphrases;
    const offered = kept?.offers.get("passphrase")?.secret;
    const others = [...this.#kept.values()].map(({ passphrases }) => passphrases.get(path));
    const found = [offered, own?.get(path), own?.get(""), ...others].flatMap(
      (each) => each?.toString() ?? [],
    );
    return [...new Set(found)];
  }

  /** A login has succeeded with a stored or offered secret. */
  accepted(place: SecretPlace, kind: SecretKind, secret: string): void {
    const offer = this.#offer(place, kind, secret);
    if (offer === undefined) return;
    if (kind === "password") this.keepPassword(place, secret);
    else this.keepPassphrase(place, undefined, secret);
    offer.state = "kept";
  }

  /** The passphrase does not open the key file; it may open another one of the host's. */
  refusePassphrase(place: SecretPlace, passphrase: string): void {
    const offer = this.#offer(place, "passphrase", passphrase);
    if (offer?.state === "untried") offer.state = "refused";
  }

  /** The server refused it: it is never sent again automatically. */
  refusePassword(place: SecretPlace, password: string): void {
    const offer = this.#offer(place, "password", password);
    if (offer?.state === "untried") {
      offer.state = "refused";
      return;
    }
    const kept = this.#kept.get(keyOf(place));
    if (kept?.password?.toString() !== password) return;
    kept.password.fill(0);
    kept.password = undefined;
  }

  keepSudoPassword(place: SecretPlace, password: string): void {
    const kept = this.#of(place);
    kept.sudo?.fill(0);
    kept.sudo = Buffer.from(password);
  }

  sudoPassword(place: SecretPlace): string | undefined {
    return this.#kept.get(keyOf(place))?.sudo?.toString();
  }

  /** sudo refused it: it is never sent again automatically. */
  refuseSudoPassword(place: SecretPlace, password: string): void {
    const kept = this.#kept.get(keyOf(place));
    if (kept?.sudo?.toString() !== password) return;
    kept.sudo.fill(0);
    kept.sudo = undefined;
  }

  /** Erases the secrets of a host, under any name, except those for exactly `unless`. */
  forget(name: string, unless?: SecretPlace): void {
    const keptKey = unless === undefined ? undefined : keyOf(unless);
    for (const [key, { place }] of this.#kept) {
      const isHosts = place.name === name || parseJump(place.name)?.host === name;
      if (!isHosts || key === keptKey) continue;
      this.#remove(key);
      for (const listener of this.#forgotten) listener(place);
    }
  }

  [Symbol.dispose](): void {
    for (const key of this.#kept.keys()) this.#remove(key);
  }

  #offer(place: SecretPlace, kind: SecretKind, secret: string): Offer | undefined {
    const offer = this.#kept.get(keyOf(place))?.offers.get(kind);
    return offer?.secret.toString() === secret ? offer : undefined;
  }

  #of(place: SecretPlace): Kept {
    const key = keyOf(place);
    const none = { password: undefined, passphrases: new Map(), offers: new Map() };
    const kept: Kept = this.#kept.get(key) ?? { place: bare(place), ...none };
    this.#kept.set(key, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > maxHosts && oldest !== undefined) this.#remove(oldest);
    return kept;
  }

  #remove(key: string): void {
    const kept = this.#kept.get(key);
    this.#kept.delete(key);
    kept?.password?.fill(0);
    kept?.sudo?.fill(0);
    for (const passphrase of kept?.passphrases.values() ?? []) passphrase.fill(0);
    for (const { secret } of kept?.offers.values() ?? []) secret.fill(0);
  }
}

function bare({ name, user, address, port, settings, jump }: SecretPlace): SecretPlace {
  return { name, user, address, port, settings, jump };
}

function keyOf(place: SecretPlace): string {
  return JSON.stringify([place.name, loginOf(place)]);
}

/** Whether both are the same login over the same route, whatever their names. */
export function isSameLogin(one: SecretPlace, other: SecretPlace): boolean {
  return loginOf(one) === loginOf(other);
}

/** The login and its route as text, independent of the host's name. */
export function loginOf({ jump, settings, ...last }: SecretPlace): string {
  return JSON.stringify([
    settings.proxyCommand,
    [...jump, last].map(({ user, address, port }) => [user, address, port]),
  ]);
}
