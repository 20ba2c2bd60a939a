import type { KnownHost } from "../../../protocol/known-host.ts";
import { hostsMatch, type KnownHostLine } from "./known-hosts-file.ts";
import type { CommandLines } from "./known-hosts-command.ts";
import type { Revocation } from "./revoked-keys.ts";

/** What is on record about a key that a server shows. */
export type HostKeyVerdict =
  | { readonly kind: "known" }
  /** The host has no key on record. */
  | { readonly kind: "unknown" }
  /** The host has other keys on record and not this one. */
  | { readonly kind: "changed"; readonly expected: readonly KnownHostLine[] }
  /** `at`: the line or the file that says so. */
  | { readonly kind: "revoked"; readonly at: string }
  /** It takes a look that a handshake cannot wait for: see `examine`. */
  | { readonly kind: "unexamined" }
  /** What had to be looked up could not be; a clause. */
  | { readonly kind: "unverifiable"; readonly why: string };

/** What is known of one host, as the files were when it was asked for; Hostrun's own file as it is now. */
export interface HostKeys {
  /** The types of the keys on record, which are to be asked for first. */
  readonly knownTypes: () => readonly string[];
  /** Whether an authority is known that may have signed the host's key (`@cert-authority`). */
  readonly hasAuthority: boolean;
  verdict(key: Buffer): HostKeyVerdict;
  /** Looks up what a verdict was "unexamined" for. False: there was no such verdict, or too many of them. */
  examine(): Promise<boolean>;
  /** Files that may hold more and could not be read, each with the reason: "/home/me/.ssh/known_hosts (it is a FIFO)". */
  readonly unread: readonly string[];
  /** What else a person should know who is asked to trust a key; sentences. */
  readonly notes: readonly string[];
  /** Other names under which a key is on record, each with its place: "web2 (/home/me/.ssh/known_hosts:7)". */
  knownAs(key: Buffer): Promise<string[]>;
  /** Address and port to record a key under. */
  readonly recordAs: { readonly address: string; readonly port: number };
  /** Hostrun's own known_hosts. */
  readonly ownFile: string;
  /** Where a new key goes: "nowhere" is for this connection only, and with "never" none is taken. */
  readonly recording: "ownFile" | "nowhere" | "never";
  /** Records a key in Hostrun's own file, as `KnownHosts.add` does; the entry, which may stand in another file. */
  add(key: Buffer): KnownHost;
  /** Takes a key for as long as these are used. */
  acceptOnce(key: Buffer): void;
}

export interface HostKeySources {
  /** As `knownHostName` has it. */
  readonly name: string;
  /** Under which a key counts that is not known under `name`: the address without its port. */
  readonly plainName: string | undefined;
  /** The lines of all files that mean either name, as they are now. */
  readonly lines: () => readonly KnownHostLine[];
  /** What KnownHostsCommand printed before the key exchange; undefined without one. */
  readonly ordered: CommandLines | undefined;
  /** undefined when nothing has to be looked up for each key. */
  readonly examine: ((key: Buffer) => Promise<Examination>) | undefined;
}

/** What was looked up for one key. */
export interface Examination {
  readonly revocation: Revocation;
  /** In place of `HostKeySources.ordered`. */
  readonly command: CommandLines | undefined;
}

/** A server that shows another key at each connection must not have programs run without end. */
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

  /** Looks up ahead what the handshake would be repeated for: for the keys that are on record. */
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

  /** In the files, and in what a command printed for the host. */
  #lookUp(key: Buffer, printed: readonly KnownHostLine[]): HostKeyVerdict {
    const { name, plainName } = this.#sources;
    const lines = this.#sources.lines();
    const named = lines.filter(({ hosts }) => hostsMatch(hosts, name));
    const verdict = judge([...named, ...printed], key);
    if (verdict.kind !== "unknown") return verdict;
    // OpenSSH's sshconnect.c, check_host_key: without the port a key can only be known, never changed.
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

/** As OpenSSH's hostfile.c, check_hostkeys_by_key_or_type, does for a key that is no certificate. */
function judge(lines: readonly KnownHostLine[], key: Buffer): HostKeyVerdict {
  const revoked = lines.find((line) => line.marker === "revoked" && line.key.equals(key));
  if (revoked !== undefined) return { kind: "revoked", at: `${revoked.file}:${revoked.line}` };
  const expected = lines.filter(({ marker }) => marker === null);
  if (expected.some((line) => line.key.equals(key))) return { kind: "known" };
  return expected.length > 0 ? { kind: "changed", expected } : { kind: "unknown" };
}
