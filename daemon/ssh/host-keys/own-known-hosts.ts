import { createHash } from "node:crypto";
import { invalidRequest } from "../../../protocol/invalid-request.ts";
import { type KnownHost, PlainAddress } from "../../../protocol/known-host.ts";
import { Problem } from "../../../protocol/problem.ts";
import { readOwnFile } from "../../../state-directory/own-file.ts";
import { writeFileAtomically } from "../../../state-directory/atomic-file.ts";
import type { Log } from "../../core/log.ts";
import { describeKey, fingerprintOf, keyTypeOf } from "./host-key.ts";
import type { HostKeyVerdict } from "./host-keys.ts";
import {
  hashName,
  hostsMatch,
  KnownHostsFile,
  type KnownHostLine,
  knownHostName,
  lowerCase,
} from "./known-hosts-file.ts";

export interface NewEntry {
  readonly address: string;
  readonly port: number;
  readonly key: Buffer;
  /** Whether to write the name hashed. */
  readonly hashed: boolean;
  /** Whether one of the files already contains it. */
  readonly recorded: boolean;
}

/** Hostrun's own known_hosts. */
export class OwnKnownHosts {
  readonly #path: string;
  readonly #file: KnownHostsFile;

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#file = new KnownHostsFile(path, (failure) =>
      log.warn("A known_hosts file cannot be read", { path, failure }),
    );
  }

  /** Those that match one of `names`. */
  lines(names: readonly string[]): KnownHostLine[] {
    return this.#file.lines().filter(({ hosts }) => names.some((name) => hostsMatch(hosts, name)));
  }

  all(): readonly KnownHostLine[] {
    return this.#file.lines();
  }

  /** `verdict`: the one on this key and host. Throws the Problems with which `KnownHosts.add` rejects. */
  add(entry: NewEntry, verdict: HostKeyVerdict): void {
    const { address, port, key, hashed, recorded } = entry;
    const named = PlainAddress.safeParse(address);
    if (!named.success) throw invalidRequest(named.error, `No host key can be recorded for ${address}: it`);
    const keyType = keyTypeOf(key);
    if (keyType === undefined) {
      throw new Problem("invalid_request", "The key is not an SSH public key.", {
        issues: [{ path: "key", message: "must be an SSH public key" }],
      });
    }
    const name = knownHostName(address, port);
    refuseConflict(entry, verdict);
    if (!recorded) {
      const line = `${hashed ? hashName(name) : name} ${keyType} ${key.toString("base64")}\n`;
      const text = readOwnFile(this.#path) ?? "";
      writeFileAtomically(this.#path, (text === "" || text.endsWith("\n") ? text : `${text}\n`) + line);
    }
  }

  /** Preserves comments and anything else a person wrote into the file. Returns the number of entries removed. */
  remove(address: string, port: number | undefined): number {
    const matching = this.#file.lines().filter((line) => isFor(line, address, port));
    const numbers = new Set(matching.map(({ line }) => line));
    if (numbers.size === 0) return 0;
    const kept = (readOwnFile(this.#path) ?? "")
      .split("\n")
      .filter((_line, index) => !numbers.has(index + 1));
    writeFileAtomically(this.#path, kept.join("\n"));
    return numbers.size;
  }
}

function refuseConflict({ address, port }: NewEntry, verdict: HostKeyVerdict): void {
  if (verdict.kind === "unknown" || verdict.kind === "known") return;
  const name = knownHostName(address, port);
  const members = { address, port };
  if (verdict.kind === "changed" || verdict.kind === "revoked") {
    const at =
      verdict.kind === "revoked"
        ? verdict.at
        : verdict.expected.map(({ file, line }) => `${file}:${line}`).join(", ");
    throw new Problem(
      "conflict",
      `${name} has another host key on record, or this one is revoked (${at}). ` +
        "If you know why the key has changed, remove that entry first.",
      members,
    );
  }
  const why = verdict.kind === "unverifiable" ? verdict.why : "the key could not be looked up";
  throw new Problem("conflict", `No host key can be recorded for ${name}: ${why}.`, members);
}

/** Without a port, a name is removed at every port; a hashed one can only be compared. */
function isFor(line: KnownHostLine, address: string, port: number | undefined): boolean {
  if (line.hosts.startsWith("|")) return hostsMatch(line.hosts, knownHostName(address, port ?? 22));
  const entry = placeOf(line.hosts);
  return entry.address === lowerCase(address) && (port === undefined || entry.port === port);
}

/** A line of any file in the API's form. `readOnly`: it is not in Hostrun's own file. */
export function describeLine(line: KnownHostLine, readOnly: boolean): KnownHost {
  const { hosts, marker, key, file } = line;
  const id = createHash("sha256")
    .update(JSON.stringify([file, marker, hosts, fingerprintOf(key)]))
    .digest("hex");
  const described = { id: id.slice(0, 16), ...placeOf(hosts), ...describeKey(key) };
  return { ...described, marker, file, line: line.line, readOnly };
}

/** Hostrun itself writes one plain name per line. */
function placeOf(hosts: string): { readonly address: string; readonly port: number } {
  const [, address, port] = /^\[([^\]]+)\]:(\d{1,5})$/.exec(hosts) ?? [];
  return address === undefined || port === undefined
    ? { address: hosts.startsWith("|") ? hosts : lowerCase(hosts), port: 22 }
    : { address: lowerCase(address), port: Number(port) };
}
