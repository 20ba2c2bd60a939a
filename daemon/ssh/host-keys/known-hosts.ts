import { createHash } from "node:crypto";
import { invalidRequest } from "../../../protocol/invalid-request.ts";
import { type KnownHost, PlainAddress } from "../../../protocol/known-host.ts";
import { Problem } from "../../../protocol/problem.ts";
import { readOwnFile } from "../../../state-directory/own-file.ts";
import { writeFileAtomically } from "../../core/atomic-file.ts";
import { describeKey, fingerprintOf, keyTypeOf } from "./host-key.ts";
import { hostsMatch, KnownHostsFile, type KnownHostLine, knownHostName } from "./known-hosts-file.ts";
import { UserKnownHostsFile, type UserKnownHostsParts } from "./user-known-hosts-file.ts";

/** What the files say of a key that a server shows. */
export type HostKeyVerdict =
  | { readonly kind: "known" }
  /** The host has no key on record. */
  | { readonly kind: "unknown" }
  /** The host has other keys on record and not this one. */
  | { readonly kind: "changed"; readonly expected: readonly KnownHostLine[] }
  | { readonly kind: "revoked"; readonly by: KnownHostLine };

/** What is known of one host, as the files were when it was asked for; Hostrun's own file as it is now. */
export interface HostKeys {
  /** Every entry, revoked ones left out. */
  readonly entries: () => readonly KnownHostLine[];
  verdict(key: Buffer): HostKeyVerdict;
  /** Files that may hold more and could not be read, each with the reason: "/home/me/.ssh/known_hosts (it is a FIFO)". */
  readonly unread: readonly string[];
  /** Records a key in Hostrun's own file, as `KnownHosts.add` does. */
  add(key: Buffer): KnownHost;
}

/** The host keys that the user's, the machine's and Hostrun's own known_hosts hold. */
export interface KnownHosts {
  /** Reads again what has changed. Never rejects. */
  of(address: string, port: number): Promise<HostKeys>;
  /**
   * Records a key in Hostrun's own file. What is recorded already is left as it is; `conflict` when the host has
   * another key on record, `invalid_request` when `key` is no public key or `address` could mean other hosts, too.
   */
  add(address: string, port: number, key: Buffer): Promise<KnownHost>;
  /** The entries of Hostrun's own file. */
  list(): KnownHost[];
  /** Takes a host out of Hostrun's own file, at every port when none is given; says how many entries went. */
  remove(address: string, port?: number): number;
}

export interface KnownHostsFiles extends UserKnownHostsParts {
  /** Hostrun's own file, the only one that is written (mode 0600). */
  readonly own: string;
  /** Files that are only read, e.g. ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts. */
  readonly others: readonly string[];
}

export function openKnownHosts({ own, others, ...parts }: KnownHostsFiles): KnownHosts {
  const users = others.map((path) => new UserKnownHostsFile(path, parts));
  const ownFile = new KnownHostsFile(own, (failure) =>
    parts.log.warn("A known_hosts file cannot be read", { path: own, failure }),
  );
  const of = async (address: string, port: number): Promise<HostKeys> => {
    const name = knownHostName(address, port);
    const found = await Promise.all(users.map((file) => file.find(name)));
    const read = found.flatMap(({ lines }) => lines);
    const matching = () => [...read, ...ownFile.lines().filter((line) => hostsMatch(line.hosts, name))];
    const verdict = (key: Buffer): HostKeyVerdict => judge(matching(), key);
    return {
      entries: () => matching().filter((line) => !line.revoked),
      verdict,
      unread: found.flatMap(({ unreadable }, index) =>
        unreadable === undefined ? [] : [`${others[index]} (${unreadable})`],
      ),
      add: (key) => add(own, { address, port, key }, verdict(key)),
    };
  };
  return {
    of,
    add: async (address, port, key) => (await of(address, port)).add(key),
    list: () => ownFile.lines().map(knownHostOf),
    remove: (address, port) => remove(own, (entry) => sameHost(entry, address, port)),
  };
}

function judge(lines: readonly KnownHostLine[], key: Buffer): HostKeyVerdict {
  const revoked = lines.find((line) => line.revoked && line.key.equals(key));
  if (revoked !== undefined) return { kind: "revoked", by: revoked };
  const expected = lines.filter((line) => !line.revoked);
  if (expected.some((line) => line.key.equals(key))) return { kind: "known" };
  return expected.length > 0 ? { kind: "changed", expected } : { kind: "unknown" };
}

interface Entry {
  readonly address: string;
  readonly port: number;
  readonly key: Buffer;
}

function add(own: string, entry: Entry, verdict: HostKeyVerdict): KnownHost {
  const { address, port, key } = entry;
  const named = PlainAddress.safeParse(address);
  if (!named.success) throw invalidRequest(named.error, `No host key can be recorded for ${address}: it`);
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
    const text = readOwnFile(own) ?? "";
    writeFileAtomically(own, (text === "" || text.endsWith("\n") ? text : `${text}\n`) + line);
  }
  return describeEntry(entry);
}

/** Keeps comments and whatever else a person wrote into the file. */
function remove(own: string, doomed: (entry: KnownHost) => boolean): number {
  let removed = 0;
  const file = new KnownHostsFile(own, () => undefined);
  const numbers = new Set(file.lines().flatMap((line) => (doomed(knownHostOf(line)) ? [line.line] : [])));
  if (numbers.size === 0) return 0;
  const kept = (readOwnFile(own) ?? "").split("\n").filter((_line, index) => {
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
