import { LRUCache } from "lru-cache";
import { SharedQuery } from "../../core/shared-query.ts";
import type { UserFiles } from "../../core/user-files.ts";
import type { OpenSshCredential } from "../../transport/choice.ts";
import { fingerprintOf, keyTypeOf } from "../host-keys/host-key.ts";

/** Something that OpenSSH can log in with and ssh2 can't. */
export interface OpenSshKey {
  readonly kind: OpenSshCredential;
  /** Of the key or certificate; for a ticket, the path of its cache. */
  readonly fingerprint: string;
}

const maxBytes = 64 * 1024;
const maxPaths = 512;

/** Classifies a public key in SSH's wire form; undefined if ssh2 can use it itself. */
export function openSshKeyOf(publicKey: Buffer): OpenSshKey | undefined {
  const type = keyTypeOf(publicKey) ?? "";
  const isCertificate = /-cert-v0\d@openssh\.com$/.test(type);
  if (!isCertificate && !/^(?:sk-|webauthn-sk-)/.test(type)) return undefined;
  return { kind: isCertificate ? "certificate" : "hardware", fingerprint: fingerprintOf(publicKey) };
}

/** Looks for such keys beside key files; files are read again only after they changed. */
export class OpenSshKeyFiles {
  readonly #files: UserFiles;
  readonly #looks = new LRUCache<string, SharedQuery<OpenSshKey | undefined>>({ max: maxPaths });

  constructor(files: UserFiles) {
    this.#files = files;
  }

  /**
   * What belongs to the private keys at these paths: `PATH.pub` of a hardware key, and `PATH-cert.pub`, which OpenSSH
   * loads by itself (ssh(1), -i). `certificates` are further files. Never rejects.
   */
  async beside(paths: readonly string[], certificates: readonly string[] = []): Promise<OpenSshKey[]> {
    const files = [...paths.flatMap((path) => [`${path}.pub`, `${path}-cert.pub`]), ...certificates];
    const found = await Promise.all(files.map((path) => this.#look(path)));
    return found.filter((key) => key !== undefined);
  }

  #look(path: string): Promise<OpenSshKey | undefined> {
    const look = this.#looks.get(path) ?? new SharedQuery(this.#looker(path));
    this.#looks.set(path, look);
    return look.ask();
  }

  #looker(path: string): () => Promise<OpenSshKey | undefined> {
    let version: string | undefined;
    let found: OpenSshKey | undefined;
    return async () => {
      const content = await this.#files.reread(path, maxBytes, version);
      version = "version" in content ? content.version : undefined;
      if (content.kind === "content") found = parse(content.bytes);
      else if (content.kind !== "unchanged") found = undefined;
      return found;
    };
  }
}

/** Where a Kerberos ticket would be (krb5.conf(5), default_ccache_name); "" if that is not known. */
function ticketCache({ environment, uid }: KerberosEnvironment): string {
  const named = environment["KRB5CCNAME"] ?? "";
  return named === "" && uid !== undefined ? `/tmp/krb5cc_${uid}` : named.replace(/^(?:FILE|DIR):/, "");
}

export interface KerberosEnvironment {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly uid: number | undefined;
}

/**
 * Looks in the daemon's own environment, which its `ssh` inherits. A keyring that the environment names is assumed to
 * hold a ticket.
 */
export async function findTicket(files: UserFiles, kerberos: KerberosEnvironment): Promise<OpenSshKey[]> {
  const cache = ticketCache(kerberos);
  const isPath = cache.startsWith("/");
  if (cache === "" || (isPath && (await files.kind(cache)) === "missing")) return [];
  return [{ kind: "ticket", fingerprint: cache }];
}

/** One line: type, key in base64, comment. */
function parse(content: Buffer): OpenSshKey | undefined {
  const [, base64 = ""] = content.toString("latin1").trim().split(/\s+/);
  return openSshKeyOf(Buffer.from(base64, "base64"));
}
