import type { KnownHost } from "../../../protocol/known-host.ts";
import { hostsMatch, type KnownHostLine } from "./known-hosts-file.ts";
import type { CommandLines } from "./known-hosts-command.ts";
import type { Revocation } from "./revoked-keys.ts";

/** What is on record about a key that a server presents. */
export type HostKeyVerdict =
  | { readonly kind: "known" }
  /** The host has no key on record. */
  | { readonly kind: "unknown" }
  /** The host has other keys on record, but not this one. */
  | { readonly kind: "changed"; readonly expected: readonly KnownHostLine[] }
  /** `at`: the line or file that revokes it. */
  | { readonly kind: "revoked"; readonly at: string }
  /** Needs a look-up that a handshake cannot wait for: see `examine`. */
  | { readonly kind: "unexamined" }
  /** A required look-up failed; a clause. */
  | { readonly kind: "unverifiable"; readonly why: string };

/** What is known of one host: the files as they were when it was looked up, Hostrun's own file as it is now. */
export interface HostKeys {
  /** The types of the keys on record, which are negotiated first. */
  readonly knownTypes: () => readonly string[];
  /** Whether a known authority may have signed the host's key (`@cert-authority`). */
  readonly hasAuthority: boolean;
  verdict(key: Buffer): HostKeyVerdict;
  /** Performs the look-up that an "unexamined" verdict needs. False: there was no such verdict, or too many of them. */
  examine(): Promise<boolean>;
  /**
   * Files that may hold more keys and could not be read, each with the reason: "/home/me/.ssh/known_hosts (it is a
   * FIFO)".
   */
  readonly unread: readonly string[];
  /** What else a person should know before trusting a key; sentences. */
  readonly notes: readonly string[];
  /** Other names under which a key is on record, each with its location: "web2 (/home/me/.ssh/known_hosts:7)". */
  knownAs(key: Buffer): Promise<string[]>;
  /** Address and port to record a key under. */
  readonly recordAs: { readonly address: string; readonly port: number };
  /** Hostrun's own known_hosts. */
  readonly ownFile: string;
  /** Where a new key is recorded. "nowhere": it is accepted for this connection only; "never": it is not accepted. */
  readonly recording: "ownFile" | "nowhere" | "never";
  /** Records a key in Hostrun's own file, like `KnownHosts.add`. Returns the entry, which may be in another file. */
  add(key: Buffer): KnownHost;
  /** Accepts a key for the lifetime of this object. */
  acceptOnce(key: Buffer): void;
}

export interface HostKeySources {
  /** As returned by `knownHostName`. */
  readonly name: string;
  /** The address without its port, under which a key is accepted that is not known under `name`. */
  readonly plainName: string | undefined;
  /** The lines of all files that match either name, as they are now. */
  readonly lines: () => readonly KnownHostLine[];
  /** What KnownHostsCommand printed before the key exchange; undefined if none is configured. */
  readonly ordered: CommandLines | undefined;
  /** undefined if nothing has to be looked up per key. */
  readonly examine: ((key: Buffer) => Promise<Examination>) | undefined;
}

/** The result of looking up one key. */
export interface Examination {
  readonly revocation: Revocation;
  /** Replaces `HostKeySources.ordered`. */
  readonly command: CommandLines | undefined;
}

/** Otherwise a server that presents a new key at each connection could make programs run without end. */
const maxExaminations = 3;

export class HostKeyRecord {
  readonly #sources: HostKeySources;
  readonly #examined = new Map<string, Examination>();
  readonly #acceptedOnce = new Set<string>();
  #pending: Buffer | undefined;
  #examinations = 0;

  constructor(sources: HostKeySources) {
    this.#sources = sources;
  }

  /** Examines the keys on record ahead of the handshake, which would otherwise have to be repeated. */
  async examineKnown(): Promise<void> {
    const { name, plainName } = this.#sources;
    const known = [...this.#entries(name), ...(plainName === undefined ? [] : this.#entries(plainName))];
    for (const { key } of known.slice(0, 8)) await this.#examine(key);
  }

  knownTypes(): string[] {
    const { name, plainName } = this.#sources;
    const named = this.#entries(name);
    const entries = named.length > 0 || plainName === undefined ? named : this.#entries(plainName);
    return entries.map(({ keyType }) => keyType);
  }

  verdict(key: Buffer): HostKeyVerdict {
    const { examine, ordered } = this.#sources;
    const examined = examine === undefined ? { revocation: free, command: ordered } : this.#of(key);
    if (examined === undefined) {
      this.#pending = Buffer.from(key);
      return { kind: "unexamined" };
    }
    const { revocation, command } = examined;
    if (revocation.kind === "revoked") return revocation;
    if (revocation.kind === "unknown") return { kind: "unverifiable", why: revocation.why };
    if (command?.kind === "failed") return { kind: "unverifiable", why: command.why };
    return this.#lookUp(key, command?.lines ?? []);
  }

  /** Looks in the files, and in what a command printed for the host. */
  #lookUp(key: Buffer, printed: readonly KnownHostLine[]): HostKeyVerdict {
    const { name, plainName } = this.#sources;
    const lines = this.#sources.lines();
    const named = lines.filter(({ hosts }) => hostsMatch(hosts, name));
    const verdict = judge([...named, ...printed], key);
    if (verdict.kind !== "unknown") return verdict;
    // As in OpenSSH's sshconnect.c, check_host_key: without the port a key can only be known, never changed.
    const plain = lines.filter(({ hosts }) => plainName !== undefined && hostsMatch(hosts, plainName));
    const fallback = judge(plain, key);
    if (fallback.kind === "known" || fallback.kind === "revoked") return fallback;
    return this.#acceptedOnce.has(key.toString("base64")) ? { kind: "known" } : verdict;
  }

  async examine(): Promise<boolean> {
    const key = this.#pending;
    this.#pending = undefined;
    if (key === undefined || this.#examinations >= maxExaminations) return false;
    this.#examinations += 1;
    await this.#examine(key);
    return true;
  }

  acceptOnce(key: Buffer): void {
    this.#acceptedOnce.add(key.toString("base64"));
  }

  #entries(name: string): KnownHostLine[] {
    const { ordered, lines } = this.#sources;
    const all = [...lines(), ...(ordered?.kind === "lines" ? ordered.lines : [])];
    const named = all.filter(({ hosts }) => hostsMatch(hosts, name));
    const isRevoked = (key: Buffer): boolean =>
      named.some((line) => line.marker === "revoked" && line.key.equals(key));
    return named.filter(({ marker, key }) => marker === null && !isRevoked(key));
  }

  #of(key: Buffer): Examination | undefined {
    return this.#examined.get(key.toString("base64"));
  }

  async #examine(key: Buffer): Promise<void> {
    const { examine } = this.#sources;
    if (examine === undefined || this.#of(key) !== undefined) return;
    this.#examined.set(key.toString("base64"), await examine(key));
  }
}

const free: Revocation = { kind: "free" };

/** Like OpenSSH's hostfile.c, check_hostkeys_by_key_or_type, for a key that is not a certificate. */
function judge(lines: readonly KnownHostLine[], key: Buffer): HostKeyVerdict {
  const revoked = lines.find((line) => line.marker === "revoked" && line.key.equals(key));
  if (revoked !== undefined) return { kind: "revoked", at: `${revoked.file}:${revoked.line}` };
  const expected = lines.filter(({ marker }) => marker === null);
  if (expected.some((line) => line.key.equals(key))) return { kind: "known" };
  return expected.length > 0 ? { kind: "changed", expected } : { kind: "unknown" };
}
