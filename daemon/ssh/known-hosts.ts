import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { KnownHost } from "../../protocol/known-host.ts";
import { Problem } from "../../protocol/problem.ts";
import { readOwnFile } from "../../state-directory/own-file.ts";
import { writeFileAtomically } from "../core/atomic-file.ts";
import type { Log } from "../core/log.ts";
import { describeKey, fingerprintOf, keyTypeOf } from "./host-key.ts";
import { hostsMatch, KnownHostsFile, type KnownHostLine, knownHostName } from "./known-hosts-file.ts";

/** What the files say of a key that a server shows. */
export type HostKeyVerdict =
  | { readonly kind: "known" }
  /** The host has no key on record. */
  | { readonly kind: "unknown" }
  /** The host has other keys on record and not this one. */
  | { readonly kind: "changed"; readonly expected: readonly KnownHostLine[] }
  | { readonly kind: "revoked"; readonly by: KnownHostLine };

/** The host keys that the user's, the machine's and Hostrun's own known_hosts hold. */
export interface KnownHosts {
  /** Every entry of a host, revoked ones left out. */
  lookup(address: string, port: number): readonly KnownHostLine[];
  verdict(address: string, port: number, key: Buffer): HostKeyVerdict;
  /**
   * Records a key in Hostrun's own file. What is recorded already is left as it is; `conflict` when the host has
   * another key on record, `invalid_request` when `key` is no public key.
   */
  add(address: string, port: number, key: Buffer): KnownHost;
  /** The entries of Hostrun's own file. */
  list(): KnownHost[];
  /** Takes a host out of Hostrun's own file, at every port when none is given; says how many entries went. */
  remove(address: string, port?: number): number;
}

export interface KnownHostsFiles {
  /** Hostrun's own file, the only one that is written (mode 0600). */
  readonly own: string;
  /** Files that are only read, e.g. ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts. */
  readonly others: readonly string[];
  readonly log: Log;
}

export function openKnownHosts({ own, others, log }: KnownHostsFiles): KnownHosts {
  const unreadable = (path: string) => (failure: unknown) =>
    log.warn("A known_hosts file cannot be read", { path, failure });
  const files = [
    ...others.map((path) => new KnownHostsFile(path, readFile, unreadable(path))),
    new KnownHostsFile(own, readOwn, unreadable(own)),
  ];
  const matching = (address: string, port: number): KnownHostLine[] => {
    const name = knownHostName(address, port);
    return files.flatMap((file) => file.lines().filter((line) => hostsMatch(line.hosts, name)));
  };
  const verdict = (address: string, port: number, key: Buffer): HostKeyVerdict => {
    const lines = matching(address, port);
    const revoked = lines.find((line) => line.revoked && line.key.equals(key));
    if (revoked !== undefined) return { kind: "revoked", by: revoked };
    const expected = lines.filter((line) => !line.revoked);
    if (expected.some((line) => line.key.equals(key))) return { kind: "known" };
    return expected.length > 0 ? { kind: "changed", expected } : { kind: "unknown" };
  };
  return {
    lookup: (address, port) => matching(address, port).filter((line) => !line.revoked),
    verdict,
    add: (address, port, key) => add(own, { address, port, key }, verdict(address, port, key)),
    list: () => ownFile(files).lines().map(knownHostOf),
    remove: (address, port) => remove(own, (entry) => sameHost(entry, address, port)),
  };
}

function readFile(path: string): string {
  return readFileSync(path, "utf8");
}

/** Hostrun's own file; "" when it is not there. */
function readOwn(path: string): string {
  return readOwnFile(path) ?? "";
}

function ownFile(files: readonly KnownHostsFile[]): KnownHostsFile {
  const file = files.at(-1);
  if (file === undefined) throw new TypeError("There is always Hostrun's own file");
  return file;
}

interface Entry {
  readonly address: string;
  readonly port: number;
  readonly key: Buffer;
}

function add(own: string, entry: Entry, verdict: HostKeyVerdict): KnownHost {
  const { address, port, key } = entry;
  const keyType = keyTypeOf(key);
  if (keyType === undefined) {
    throw new Problem("invalid_request", "The key is not an SSH public key.", {
      issues: [{ path: "key", message: "must be an SSH public key" }],
    });
  }
  if (verdict.kind === "changed" || verdict.kind === "revoked") {
    const where = verdict.kind === "changed" ? verdict.expected : [verdict.by];
    const at = where.map(({ file, line }) => `${file}:${line}`).join(", ");
    throw new Problem(
      "conflict",
      `${knownHostName(address, port)} has another host key on record, or this one is revoked (${at}). ` +
        "If you know why the key has changed, remove that entry first.",
      { address, port },
    );
  }
  if (verdict.kind === "unknown") {
    const line = `${knownHostName(address, port)} ${keyType} ${key.toString("base64")}\n`;
    const text = readOwn(own);
    writeFileAtomically(own, (text === "" || text.endsWith("\n") ? text : `${text}\n`) + line);
  }
  return describeEntry(entry);
}

/** Keeps comments and whatever else a person wrote into the file. */
function remove(own: string, doomed: (entry: KnownHost) => boolean): number {
  let removed = 0;
  const file = new KnownHostsFile(own, readOwn, () => undefined);
  const numbers = new Set(file.lines().flatMap((line) => (doomed(knownHostOf(line)) ? [line.line] : [])));
  if (numbers.size === 0) return 0;
  const kept = readOwn(own)
    .split("\n")
    .filter((_line, index) => {
      const goes = numbers.has(index + 1);
      removed += goes ? 1 : 0;
      return !goes;
    });
  writeFileAtomically(own, kept.join("\n"));
  return removed;
}

function sameHost(entry: KnownHost, address: string, port: number | undefined): boolean {
  return entry.address === address.toLowerCase() && (port === undefined || entry.port === port);
}

/** The form that Hostrun writes itself: one plain name a line. */
function knownHostOf(line: KnownHostLine): KnownHost {
  const bracketed = /^\[([^\]]+)\]:(\d{1,5})$/.exec(line.hosts);
  const address = bracketed === null ? line.hosts : (bracketed[1] ?? "");
  const port = bracketed === null ? 22 : Number(bracketed[2]);
  return describeEntry({ address, port, key: line.key });
}

function describeEntry({ address, port, key }: Entry): KnownHost {
  const id = createHash("sha256")
    .update(`${knownHostName(address, port)} ${fingerprintOf(key)}`)
    .digest("hex");
  return { id: id.slice(0, 16), address: address.toLowerCase(), port, ...describeKey(key) };
}
