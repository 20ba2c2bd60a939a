import { createHmac } from "node:crypto";
import { statSync } from "node:fs";
import { readOwnFile } from "../../../state-directory/own-file.ts";
import { matchesWildcardList } from "../../core/wildcard.ts";
import { keyTypeOf } from "./host-key.ts";

/** One line of a known_hosts file (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
export interface KnownHostLine {
  /** The first field as it stands: patterns or a hashed name. */
  readonly hosts: string;
  readonly revoked: boolean;
  readonly keyType: string;
  /** In SSH's wire form. */
  readonly key: Buffer;
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/**
 * Lines that are no entries are passed over, as OpenSSH does; so are certificate authorities, since host
 * certificates are not supported.
 */
export function parseKnownHosts(text: string, file: string): KnownHostLine[] {
  return text
    .split("\n")
    .flatMap((content, index) => parseKnownHost(content, { file, line: index + 1 }) ?? []);
}

/** One line as of `parseKnownHosts`; undefined where that would pass over it. */
export function parseKnownHost(
  content: string,
  place: Pick<KnownHostLine, "file" | "line">,
): KnownHostLine | undefined {
  const fields = content.trim().split(/[ \t]+/);
  const marker = fields[0]?.startsWith("@") === true ? fields.shift() : undefined;
  const [hosts, keyType, base64] = fields;
  if (hosts === undefined || hosts === "" || hosts.startsWith("#")) return undefined;
  if (keyType === undefined || base64 === undefined) return undefined;
  if (marker !== undefined && marker !== "@revoked") return undefined;
  const key = Buffer.from(base64, "base64");
  if (keyTypeOf(key) !== keyType) return undefined;
  return { hosts, revoked: marker === "@revoked", keyType, key, ...place };
}

/** The name under which a server is looked up: `address`, or `[address]:port` off port 22. */
export function knownHostName(address: string, port: number): string {
  const name = address.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

/** Whether a line's first field means `name`, which `knownHostName` made. */
export function hostsMatch(hosts: string, name: string): boolean {
  if (hosts.startsWith("|")) return hashMatches(hosts, name);
  return matchesWildcardList(hosts.toLowerCase(), name);
}

/** `|1|salt|hash`: HMAC-SHA1 of the name, keyed with the salt (OpenSSH's hostfile.c). */
function hashMatches(hosts: string, name: string): boolean {
  const [, version, salt, hash] = hosts.split("|");
  if (version !== "1" || salt === undefined || hash === undefined) return false;
  return createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64") === hash;
}

/** Hostrun's own known_hosts file, read again when it has changed; one that cannot be read holds nothing. */
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
      this.#lines = version === "" ? [] : parseKnownHosts(readOwnFile(this.path) ?? "", this.path);
      this.#version = version;
    } catch (failure) {
      this.#lines = [];
      this.#unreadable(failure);
    }
    return this.#lines;
  }
}
