import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Key } from "../../protocol/key.ts";
import type { UserFiles } from "../core/user-files.ts";

/** Reads keys from files and agents. */
export interface KeySource {
  /** The key at the path of a private or public key; undefined if its public part is unknown. */
  keyAt(
    path: string,
  ): Promise<{ readonly publicKey: Buffer; readonly encrypted: boolean | null } | undefined>;
  /** The keys of the agent at a socket; none if it cannot be reached. */
  agentKeys(socket: string): Promise<readonly { readonly publicKey: Buffer; readonly comment: string }[]>;
  /** `publicKey` in SSH's wire format. */
  describe(publicKey: Buffer): {
    readonly keyType: string;
    readonly fingerprint: string;
    readonly bits: number | undefined;
  };
}

export interface IdentitiesOptions {
  readonly source: KeySource;
  readonly files: UserFiles;
  /** ~/.ssh */
  readonly directory: string;
}

/** Other files in ~/.ssh, which need not be read. */
const otherFiles =
  /^(?:config|known_hosts.*|authorized_keys.*|environment|rc|agent|\..*)$|\.(?:old|bak|tmp)$/;
const maxNames = 1000;
const maxFiles = 200;
const maxPublicBytes = 64 * 1024;

/** The key pairs in ~/.ssh, by name, then those that only the agent has. Never rejects. */
export async function listIdentities(options: IdentitiesOptions, agentSocket: string | null): Promise<Key[]> {
  const { source, files, directory } = options;
  const listed = await files.list(directory, maxNames);
  const names = new Set(listed.kind === "names" ? listed.names : []);
  // A public key next to its private one is the same key pair.
  const pairs = [...names].filter(
    (name) => !otherFiles.test(name) && !(name.endsWith(".pub") && names.has(name.slice(0, -4))),
  );
  const held = agentSocket === null ? [] : await source.agentKeys(agentSocket);
  const found = await Promise.all(
    pairs.slice(0, maxFiles).map((name) => keyIn(options, join(directory, name), held)),
  );
  const inFiles = found.filter((key) => key !== undefined);
  const known = new Set(inFiles.map(({ id }) => id));
  const inAgent = held
    .map(({ publicKey, comment }) =>
      keyOf(source, publicKey, { comment, path: null, inAgent: true, encrypted: null }),
    )
    .filter(({ id }) => !known.has(id));
  return [...inFiles, ...inAgent];
}

type Held = Awaited<ReturnType<KeySource["agentKeys"]>>;

async function keyIn(
  { source, files }: IdentitiesOptions,
  path: string,
  held: Held,
): Promise<Key | undefined> {
  const found = await source.keyAt(path);
  if (found === undefined) return undefined;
  const { publicKey, encrypted } = found;
  const inAgent = held.find((key) => key.publicKey.equals(publicKey));
  const beside = await files.read(path.endsWith(".pub") ? path : `${path}.pub`, maxPublicBytes);
  const written = beside.kind === "content" ? commentIn(beside.bytes.toString("utf8")) : undefined;
  const comment = written ?? inAgent?.comment ?? null;
  return keyOf(source, publicKey, { comment, path, inAgent: inAgent !== undefined, encrypted });
}

/** The comment, after type and key. */
function commentIn(line: string): string | undefined {
  return /^\S+[ \t]+\S+[ \t]+(\S.*)$/.exec(line.trim())?.[1];
}

type Circumstances = Pick<Key, "comment" | "path" | "inAgent" | "encrypted">;

function keyOf(source: KeySource, publicKey: Buffer, rest: Circumstances): Key {
  const { keyType, fingerprint, bits } = source.describe(publicKey);
  const comment = rest.comment === "" ? null : rest.comment;
  const line = `${keyType} ${publicKey.toString("base64")}`;
  return {
    id: createHash("sha256").update(publicKey).digest("hex").slice(0, 16),
    type: keyType,
    bits: bits ?? null,
    fingerprint,
    ...rest,
    comment,
    publicKey: comment === null ? line : `${line} ${comment}`,
  };
}
