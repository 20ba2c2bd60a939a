import { isIP } from "node:net";
import { changedKeyLabels } from "../../../protocol/changed-key.ts";
import { fillLabel } from "../../../protocol/label.ts";
import { Problem } from "../../../protocol/problem.ts";
import type { Hop } from "../../transport/remote.ts";
import { membersOf, nameOf } from "../failure.ts";
import { describeKey, type KeyDescription } from "./host-key.ts";
import type { HostKeys } from "./host-keys.ts";
import { type KnownHostLine, knownHostName, lowerCase } from "./known-hosts-file.ts";

interface OldKey extends KeyDescription {
  /** Its location, as `file:line`. */
  readonly at: string;
  /** The command that removes it; undefined if its line also covers other hosts. */
  readonly remove?: string;
}

/** The server presented a key other than the ones on record. */
export function changedKey(
  hop: Hop,
  key: Buffer,
  lines: readonly KnownHostLine[],
  hostKeys: HostKeys,
): Problem {
  const expected = lines.map((line): OldKey => {
    const remove = removalOf(line, hostKeys);
    const old = { ...describeKey(line.key), at: `${line.file}:${line.line}` };
    return remove === undefined ? old : { ...old, remove };
  });
  const removals = new Set(expected.flatMap(({ remove }) => remove ?? []));
  const byHand = expected.filter(({ remove }) => remove === undefined).map(({ at }) => at);
  const steps = [
    ...(removals.size === 0 ? [] : [`run: ${[...removals].join(" && ")}`]),
    ...(byHand.length === 0 ? [] : [fillLabel(changedKeyLabels.keyEdit, byHand.join(" and "))]),
  ];
  const known = expected
    .map(({ keyType, fingerprint, at }) => `${keyType}, ${fingerprint} (${at})`)
    .join("; ");
  return problem(hop, shownKey(key), { expected }, [
    `On record is ${known}.`,
    changedKeyLabels.keyWarning,
    `Only to replace the old key on purpose, ${steps.join("; ")}. Then run again.`,
  ]);
}

/** The server presented a key other than at the beginning of the connection. */
export function swappedKey(hop: Hop, shown: ShownKey, pinned: KeyDescription): Problem {
  const { keyType, fingerprint } = pinned;
  const expected = [{ keyType, fingerprint, at: "the beginning of this connection" }];
  return problem(hop, shown, { expected, reason: "rekey" }, [
    `At the beginning of this connection it was ${keyType}, ${fingerprint}. Somebody may be between you and the host. ` +
      "The connection was closed.",
  ]);
}

/** The key that a server presents now; the key itself only if it is known. */
export interface ShownKey extends KeyDescription {
  /** In base64. */
  readonly key?: string;
}

export function shownKey(key: Buffer): ShownKey {
  return { ...describeKey(key), key: key.toString("base64") };
}

function problem(
  hop: Hop,
  shown: ShownKey,
  details: { readonly expected: OldKey[]; readonly reason?: string },
  more: readonly string[],
): Problem {
  const changed = fillLabel(changedKeyLabels.keyChanged, nameOf(hop));
  const now = `Now it is ${shown.keyType}, ${shown.fingerprint}.`;
  const members = { ...membersOf(hop), ...shown, ...details };
  return new Problem("host_key_changed", [changed, now, ...more].join(" "), members);
}

/** A line with several names or a pattern does not belong to this host alone. */
function removalOf(line: KnownHostLine, { recordAs, ownFile }: HostKeys): string | undefined {
  const { address, port } = recordAs;
  const name = knownHostName(address, port);
  const isPrinted = line.file.startsWith("KnownHostsCommand-");
  if (isPrinted || (lowerCase(line.hosts) !== name && !line.hosts.startsWith("|"))) return undefined;
  if (line.file === ownFile) {
    const place = isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;
    return `hostrun known-hosts remove ${shellWord(place)}`;
  }
  return `ssh-keygen -R ${shellWord(name)} -f ${shellWord(line.file)}`;
}

/** One word for a POSIX shell, quoted only if necessary: a person reads and pastes it. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
