import { createHmac, randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { readOwnFile } from "../../../state-directory/own-file.ts";
import { matchesWildcardList } from "../../core/wildcard.ts";
import { readPublicKey } from "./public-key.ts";

interface Place {
  readonly file: string;
  /** Starting at 1. */
  readonly line: number;
}

/** One entry of a known_hosts file (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
export interface KnownHostLine extends Place {
  /** The first field verbatim: patterns or a hashed name. */
  readonly hosts: string;
  /** null: the key is a host's own. An authority's key only certifies other keys, and never matches itself. */
  readonly marker: "revoked" | "certAuthority" | null;
  readonly keyType: string;
  /** In SSH's wire form. */
  readonly key: Buffer;
}

/** A line that is neither an entry nor a comment. OpenSSH ignores it, and so does Hostrun. */
export interface MalformedLine extends Place {
  /** A clause: "its key is damaged". */
  readonly why: string;
  /** undefined if the line has no complete list of names. */
  readonly hosts: string | undefined;
}

const markers: ReadonlyMap<string, KnownHostLine["marker"]> = new Map([
  ["@revoked", "revoked"],
  ["@cert-authority", "certAuthority"],
]);

/** Parses one line as OpenSSH's hostfile.c does; undefined for an empty line or a comment. */
export function parseKnownHost(content: string, place: Place): KnownHostLine | MalformedLine | undefined {
  const text = content.replace(/^[ \t]+|[ \t\r]+$/g, "");
  if (text === "" || text.startsWith("#")) return undefined;
  const fields = text.split(/[ \t]+/);
  const marker = text.startsWith("@") ? markers.get(fields.shift() ?? "") : null;
  return marker === undefined
    ? { ...place, why: "its marker is neither @revoked nor @cert-authority", hosts: undefined }
    : parseFields(fields, marker, place);
}

function parseFields(
  [hosts = "", keyType = "", base64 = ""]: readonly string[],
  marker: KnownHostLine["marker"],
  place: Place,
): KnownHostLine | MalformedLine {
  const fault = nameFault(hosts);
  if (fault !== undefined) return { ...place, why: fault, hosts: undefined };
  const key = readPublicKey(keyType, base64);
  if (key !== undefined) return { ...place, hosts, marker, keyType, key };
  const why = base64 === "" ? "it has no key" : "its key is damaged, or of a type that is not known";
  return { ...place, why, hosts };
}

/** What is wrong with the names before the key; if anything is, the line's host is unknown. */
function nameFault(hosts: string): string | undefined {
  if (hosts === "" || hosts.startsWith("@")) return "it names no host";
  const isDamaged = hosts.startsWith("|") && hashedName(hosts, "") === undefined;
  return isDamaged ? "its hashed name is damaged" : undefined;
}

export function isEntry(line: KnownHostLine | MalformedLine): line is KnownHostLine {
  return "key" in line;
}

/** The name under which a server is looked up: `address`, or `[address]:port` off port 22. */
export function knownHostName(address: string, port: number): string {
  const name = lowerCase(address);
  return port === 22 ? name : `[${name}]:${port}`;
}

/** ASCII letters only, as in OpenSSH. */
export function lowerCase(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Whether a line's first field matches `name`, which `knownHostName` returned. */
export function hostsMatch(hosts: string, name: string): boolean {
  if (hosts.startsWith("|")) return hashedName(hosts, name) === hosts;
  return matchesWildcardList(lowerCase(hosts), name);
}

/** `|1|salt|hash`, with a random salt: what `HashKnownHosts yes` writes for a name. */
export function hashName(name: string): string {
  return hashWith(randomBytes(saltBytes), name);
}

const saltBytes = 20;

/** The hash of `name` with the salt of `hosts`; undefined if that has none (hostfile.c, extract_salt). */
function hashedName(hosts: string, name: string): string | undefined {
  const base64 = /^\|1\|([A-Za-z0-9+/]+={0,2})\|/.exec(hosts)?.[1];
  const salt = Buffer.from(base64 ?? "", "base64");
  return salt.length === saltBytes ? hashWith(salt, name) : undefined;
}

/** HMAC-SHA1 of the name, keyed with the salt. */
function hashWith(salt: Buffer, name: string): string {
  return `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update(name).digest("base64")}`;
}

/** Hostrun's own known_hosts file, read again after it changed; an unreadable one counts as empty. */
export class KnownHostsFile {
  readonly path: string;
  readonly #unreadable: (failure: unknown) => void;
  #version = "";
  #lines: readonly KnownHostLine[] = [];

  constructor(path: string, unreadable: (failure: unknown) => void) {
    this.path = path;
    this.#unreadable = unreadable;
  }

  lines(): readonly KnownHostLine[] {
    try {
      const found = statSync(this.path, { bigint: true, throwIfNoEntry: false });
      const version = found === undefined ? "" : `${found.ino}:${found.mtimeNs}:${found.size}`;
      if (version === this.#version) return this.#lines;
      this.#lines = version === "" ? [] : parseLines(readOwnFile(this.path) ?? "", this.path);
      this.#version = version;
    } catch (failure) {
      this.#lines = [];
      this.#unreadable(failure);
    }
    return this.#lines;
  }
}

function parseLines(text: string, file: string): KnownHostLine[] {
  return text.split("\n").flatMap((content, index) => {
    const parsed = parseKnownHost(content, { file, line: index + 1 });
    return parsed !== undefined && isEntry(parsed) ? [parsed] : [];
  });
}
