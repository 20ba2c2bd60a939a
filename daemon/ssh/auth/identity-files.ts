import { LRUCache } from "lru-cache";
import type { FileContent } from "../../core/regular-file.ts";
import { SharedQuery } from "../../core/shared-query.ts";
import type { UserFiles } from "../../core/user-files.ts";
import { openKey, parseKeyFile } from "./key-file.ts";
import { openEncryptedKey } from "./open-key.ts";
import { type PrivateKey, privateKeyBlock } from "./private-key.ts";

/** What was found at the path of a private key. */
export type IdentityFile = { readonly path: string } & (
  | { readonly kind: "key"; readonly publicKey: Buffer }
  /** Needs a passphrase. The public part may be known from the file or from its `.pub`. */
  | { readonly kind: "encrypted"; readonly publicKey: Buffer | undefined }
  /** A private key that others can read: it is used through an agent only. */
  | { readonly kind: "exposed"; readonly publicKey: Buffer | undefined; readonly mode: number }
  /** Its `.pub`, if there is one, may identify a key of the agent. */
  | { readonly kind: "missing"; readonly publicKey: Buffer | undefined }
  /** Only the public part, which identifies a key of the agent. */
  | { readonly kind: "public"; readonly publicKey: Buffer }
  /** `why` is a clause. */
  | { readonly kind: "unreadable"; readonly why: string }
);

/** What is known of one file. */
type Found =
  | {
      readonly kind: "private";
      readonly encrypted: boolean;
      readonly publicKey: Buffer | undefined;
      /** Its mode, if others have access. */
      readonly exposed: number | undefined;
    }
  | { readonly kind: "public"; readonly publicKey: Buffer }
  | { readonly kind: "missing" }
  | { readonly kind: "unreadable"; readonly why: string };

const maxBytes = 64 * 1024;
const maxPaths = 512;

/** Key files, read again only after they changed. Private keys are not kept: they are read when they sign. */
export class IdentityFiles {
  readonly #files: UserFiles;
  readonly #uid: number | undefined;
  readonly #looks = new LRUCache<string, SharedQuery<Found>>({ max: maxPaths });

  /** `uid`: the user whose key files must not be accessible to others; undefined where files have no owner (Windows). */
  constructor(files: UserFiles, uid: number | undefined) {
    this.#files = files;
    this.#uid = uid;
  }

  /** Returns what is at `path` now. Never rejects. */
  async at(path: string): Promise<IdentityFile> {
    const [found, beside] = await Promise.all([this.#look(path), this.#look(`${path}.pub`)]);
    const besideKey = beside.kind === "public" ? beside.publicKey : undefined;
    if (found.kind === "unreadable" || found.kind === "public") return { path, ...found };
    if (found.kind === "missing") return { path, kind: "missing", publicKey: besideKey };
    const publicKey = found.publicKey ?? besideKey;
    if (found.exposed !== undefined) return { path, kind: "exposed", publicKey, mode: found.exposed };
    if (found.encrypted || publicKey === undefined) return { path, kind: "encrypted", publicKey };
    return { path, kind: "key", publicKey };
  }

  /**
   * Returns the private key that the file holds now; undefined if there is none, it may not be used, or the passphrase is
   * wrong.
   */
  async open(
    path: string,
    locked?: { readonly passphrase: string; readonly opener: string },
  ): Promise<PrivateKey | undefined> {
    const content = await this.#files.read(path, maxBytes);
    if (content.kind !== "content" || exposedMode(content, this.#uid) !== undefined) return undefined;
    if (locked === undefined) return openKey(content.bytes);
    const block = privateKeyBlock(content.bytes);
    return block === undefined ? undefined : openEncryptedKey(locked.opener, block, locked.passphrase);
  }

  #look(path: string): Promise<Found> {
    const look = this.#looks.get(path) ?? new SharedQuery(this.#looker(path));
    this.#looks.set(path, look);
    return look.ask();
  }

  #looker(path: string): () => Promise<Found> {
    let version: string | undefined;
    let found: Found = { kind: "missing" };
    return async () => {
      const content = await this.#files.reread(path, maxBytes, version);
      version = "version" in content ? content.version : undefined;
      if (content.kind === "content") found = foundIn(content, this.#uid);
      else if (content.kind !== "unchanged") found = content;
      return found;
    };
  }
}

type Content = Extract<FileContent, { kind: "content" }>;

function foundIn(content: Content, uid: number | undefined): Found {
  const file = parseKeyFile(content.bytes);
  if (file.kind === "none") {
    return { kind: "unreadable", why: "it holds no private key of a type that Hostrun knows" };
  }
  return file.kind === "public" ? file : { ...file, exposed: exposedMode(content, uid) };
}

/** OpenSSH's rule (authfile.c, sshkey_perm_ok): the user's own key files must not be accessible to others. */
function exposedMode({ mode, uid: owner }: Content, uid: number | undefined): number | undefined {
  return owner === uid && (mode & 0o077) !== 0 ? mode : undefined;
}
