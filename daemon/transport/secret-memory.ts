import { parseJump } from "../../protocol/destination.ts";
import type { Hop } from "./remote.ts";

/** Whom a secret is for: a login on a host, by the way that leads there. */
export interface SecretPlace extends Pick<Hop, "name" | "user" | "address" | "port" | "settings"> {
  readonly jump: readonly Pick<Hop, "user" | "address" | "port">[];
}

interface Kept {
  readonly place: SecretPlace;
  password: Buffer | undefined;
  /** What sudo on the host asks for. */
  sudo?: Buffer | undefined;
  /** By the path of the key file; under "" one that is for any of the host's keys. */
  readonly passphrases: Map<string, Buffer>;
  readonly offers: Map<SecretKind, Offer>;
}

type SecretKind = "password" | "passphrase";

/** A secret that was given ahead of time, which takes the place of the one before once a login has worked with it. */
interface Offer {
  readonly secret: Buffer;
  state: OfferState;
}

export type OfferState = "untried" | "refused" | "kept";

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

  /** Is to be tried at the next login, before what is kept, and kept instead of it once that has worked. */
  offer(place: SecretPlace, given: { readonly [Kind in SecretKind]?: string | undefined }): void {
    const { offers } = this.#of(place);
    for (const kind of ["password", "passphrase"] as const) {
      const secret = given[kind];
      if (secret === undefined) continue;
      offers.get(kind)?.secret.fill(0);
      offers.set(kind, { secret: Buffer.from(secret), state: "untried" });
    }
  }

  /** What has come of the last offer; a refused one is forgotten by this. null: there was none. */
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

  /** Whether anything is there for a login at just this place. */
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

  /** What may open the key file: this host's passphrases, then what opened the file for another host. */
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

  /** A login has worked with a secret from here. */
  accepted(place: SecretPlace, kind: SecretKind, secret: string): void {
    const offer = this.#offer(place, kind, secret);
    if (offer === undefined) return;
    if (kind === "password") this.keepPassword(place, secret);
    else this.keepPassphrase(place, undefined, secret);
    offer.state = "kept";
  }

  /** It does not open the key file; it may open another one of the host's. */
  refusePassphrase(place: SecretPlace, passphrase: string): void {
    const offer = this.#offer(place, "passphrase", passphrase);
    if (offer?.state === "untried") offer.state = "refused";
  }

  /** The server did not take it: it is never sent again by itself. */
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

  /** sudo did not take it: it is never sent again by itself. */
  refuseSudoPassword(place: SecretPlace, password: string): void {
    const kept = this.#kept.get(keyOf(place));
    if (kept?.sudo?.toString() !== password) return;
    kept.sudo.fill(0);
    kept.sudo = undefined;
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

/** Whether both are the same login by the same way, whatever they are called. */
export function isSameLogin(one: SecretPlace, other: SecretPlace): boolean {
  return loginOf(one) === loginOf(other);
}

/** The login and the way to it as a text, whatever they are called. */
export function loginOf({ jump, settings, ...last }: SecretPlace): string {
  return JSON.stringify([
    settings.proxyCommand,
    [...jump, last].map(({ user, address, port }) => [user, address, port]),
  ]);
}
